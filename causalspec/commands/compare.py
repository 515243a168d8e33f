"""`causalspec compare`: are two hypotheses the same, and where do they part?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from causalspec.commands.arguments import (
    WrongUsageError,
    add_format_argument,
    add_spec_argument,
)
from causalspec.commands.output import print_json, print_lines
from causalspec.commands.specs import find_model, load_compiled, model_values
from causalspec.compiler import (
    Answer,
    Comparison,
    Correspondence,
    Difference,
    Share,
    beside,
    compare,
    setting_text,
    shares_of,
    telling_pairs,
    value_text,
)
from causalspec.exit_codes import ExitCode

EXAMPLE = "causalspec compare hierarchical_equality.causal BothEqualities FirstArgument"

MOST_VALUES = 60
"""So many variables of a setting are listed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_spec_argument(parser)
    parser.add_argument("first", metavar="A", help="a model or task")
    parser.add_argument("second", metavar="B", help="another one of the same task")
    add_format_argument(parser)


def run(options: argparse.Namespace) -> ExitCode:
    """Compare; 0 where they are the same, 1 where they differ, 4 where that stays open."""
    specification = load_compiled(options.spec, options.settings)
    first = find_model(specification, options.first)
    second = find_model(specification, options.second)
    if first.task != second.task:
        raise WrongUsageError(
            f"`{first.name}` is about `{first.task}`, `{second.name}` about `{second.task}`: "
            "models of one task can be compared"
        )

    comparison = compare(first, second)
    shares = {
        name: tuple(shares_of(abstraction))
        for name, abstraction in specification.abstractions.items()
        if {abstraction.fine.name, abstraction.coarse.name} == {first.name, second.name}
    }
    if options.format == "json":
        print_json(_as_json(comparison, shares))
    else:
        print_lines(_lines(comparison, shares))
    if any(answer.holds is False for answer in comparison.answers):
        return ExitCode.CLAIM_FAILED
    return ExitCode.FINE if all(answer.holds for answer in comparison.answers) else ExitCode.UNKNOWN


def _lines(comparison: Comparison, shares: Mapping[str, tuple[Share, ...]]) -> Iterator[str]:
    yield f"{comparison.left.name} and {comparison.right.name}"
    yield from _answered(comparison, "every input gives the same outputs", comparison.outputs)
    if comparison.under_interventions is None:
        yield "  --  they share no variable to intervene on"
    else:
        named = ", ".join(f"`{name}`" for name in comparison.shared)
        same = "outputs"
        if comparison.left.cyclic or comparison.right.cyclic:
            same = "equilibria of these and the outputs"
        question = f"every intervention on {named} gives the same {same}"
        yield from _answered(comparison, question, comparison.under_interventions)
    if comparison.correspondences:
        yield "variables"
        yield from (f"  {_link(comparison, pair)}" for pair in comparison.correspondences)
    if comparison.shares:
        yield "share on which the outputs agree"
        yield from (f"  {_share(share)}" for share in comparison.shares)
    for name, of_abstraction in shares.items():
        yield f"approximate abstraction by `{name}`: share on which the outputs agree"
        yield from (f"  {_share(share)}" for share in of_abstraction)


def _answered(comparison: Comparison, question: str, answer: Answer) -> Iterator[str]:
    mark = {True: "yes", False: "no", None: "?"}[answer.holds]
    # A no is known by the input that follows.
    yield f"  {mark:4}{question}" + ("" if answer.difference else f": {answer.evidence.text}")
    yield from (f"        {line}" for line in _difference(comparison, answer))


def _difference(comparison: Comparison, answer: Answer) -> Iterator[str]:
    left, right = comparison.left, comparison.right
    found = answer.difference
    if found is None:
        return
    if isinstance(found, Difference):
        done = setting_text(left, found.done, found.done, MOST_VALUES)
        place = setting_text(left, found.inputs, found.inputs, MOST_VALUES)
        yield f"at {place}" + (f" with do {{ {done} }}" if done else "")
        seen = dict.fromkeys(chain(*found.left, *found.right))
        sides = [
            " or ".join(setting_text(model, solution, seen, MOST_VALUES) for solution in solutions)
            or "no equilibrium"
            for model, solutions in ((left, found.left), (right, found.right))
        ]
    else:
        yield f"base: {setting_text(left, found.base, found.base, MOST_VALUES)}"
        for name, source in found.sources.items():
            yield f"swap {name} from: {setting_text(left, source, source, MOST_VALUES)}"
        outputs = (found.fine_outputs, found.coarse_outputs)
        sides = [setting_text(left, values, left.outputs, MOST_VALUES) for values in outputs]
    yield from beside("", left.name, right.name)
    yield from beside("", *sides)


def _link(comparison: Comparison, pair: Correspondence) -> str:
    text = (
        f"`{pair.left}` of {comparison.left.name} {pair.link.value} `{pair.right}` of "
        f"{comparison.right.name}: {pair.evidence.text}"
    )
    if not 0 < len(pair.values) <= 8:
        return text
    domains = (
        comparison.left.by_name[pair.left].domain,
        comparison.right.by_name[pair.right].domain,
    )
    listed = ", ".join(
        f"{value_text(domains[0], a)} is {value_text(domains[1], b)}" for a, b in pair.values
    )
    return f"{text} ({listed})"


def _share(share: Share) -> str:
    subject = "without intervention" if share.swapped is None else f"swapping `{share.swapped}`"
    low, high = share.interval
    between = "" if low == high else f", 95 % interval {low:.2%} to {high:.2%}"
    pairs = None if share.swapped is None else telling_pairs(share.value)
    told = "" if pairs is None else f"; {pairs:,} pairs tell one from the other"
    return f"{subject}: {share.value:.2%}{between}, {share.evidence.text}{told}"


def _as_json(comparison: Comparison, shares: Mapping[str, tuple[Share, ...]]) -> dict[str, Any]:
    intervened = comparison.under_interventions
    return {
        "left": comparison.left.name,
        "right": comparison.right.name,
        "shared": list(comparison.shared),
        "outputs": _answer_json(comparison, comparison.outputs),
        "interventions": None if intervened is None else _answer_json(comparison, intervened),
        "correspondences": [
            {
                "left": pair.left,
                "relation": pair.link.name.lower(),
                "right": pair.right,
                "evidence": pair.evidence.text,
            }
            for pair in comparison.correspondences
        ],
        "agreement": [_share_json(share) for share in comparison.shares],
        "abstractions": {
            name: [_share_json(share) for share in found] for name, found in shares.items()
        },
    }


def _answer_json(comparison: Comparison, answer: Answer) -> dict[str, Any]:
    found = answer.difference
    told: dict[str, Any] = {"same": answer.holds, "evidence": answer.evidence.text}
    left, right = comparison.left, comparison.right
    if isinstance(found, Difference):
        told["inputs"] = model_values(left, found.inputs)
        if found.done:
            told["do"] = model_values(left, found.done)
        told["left"] = [model_values(left, solution) for solution in found.left]
        told["right"] = [model_values(right, solution) for solution in found.right]
    elif found is not None:
        told["base"] = model_values(left, found.base)
        told["sources"] = {
            name: model_values(left, source) for name, source in found.sources.items()
        }
        told["left"] = [model_values(left, found.fine_outputs)]
        told["right"] = [model_values(right, found.coarse_outputs)]
    return told


def _share_json(share: Share) -> dict[str, Any]:
    low, high = share.interval
    return {
        "swapped": share.swapped,
        "share": share.value,
        "low": low,
        "high": high,
        "telling_pairs": None if share.swapped is None else telling_pairs(share.value),
        "evidence": share.evidence.text,
    }
