"""`causalspec distinguish`: pairs on which hypotheses predict different labels."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

from causalspec.commands.arguments import (
    WrongUsageError,
    add_format_argument,
    add_spec_argument,
    count,
    positive,
)
from causalspec.commands.output import print_json, print_lines
from causalspec.commands.specs import find_model, load_compiled
from causalspec.compiler import (
    CausalModel,
    CounterfactualDesign,
    Distinction,
    InterchangePairs,
    SplitSize,
    SwapKind,
    counterparts_of,
    generate,
    interpret,
    setting_at,
    setting_text,
    with_noise_at_rest,
)
from causalspec.dsl.diagnostics import SpecError
from causalspec.dsl.source import Source, Span
from causalspec.exit_codes import ExitCode

EXAMPLE = "causalspec distinguish hierarchical_equality.causal BothEqualities FirstArgument"

UNDECIDED = frozenset({"CS510", "CS512", "CS514"})
"""Findings that leave open whether there is such a pair."""

MOST_ROWS = 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_spec_argument(parser)
    parser.add_argument("model", metavar="A", help="the model whose variables are swapped")
    parser.add_argument("rivals", nargs="+", metavar="B", help="models of the same task")
    parser.add_argument("--rows", type=_rows, default=8, help="pairs for each swap (default 8)")
    parser.add_argument("--seed", type=count, default=0)
    add_format_argument(parser)


def _rows(text: str) -> int:
    rows = positive(text)
    if rows > MOST_ROWS:
        raise argparse.ArgumentTypeError(f"more than {MOST_ROWS:,} are too many to print")
    return rows


def run(options: argparse.Namespace) -> ExitCode:
    """Print pairs for each variable of A; 1 where none can tell, 4 where that stays open."""
    specification = load_compiled(options.spec, options.settings)
    model, *rivals = (find_model(specification, name) for name in (options.model, *options.rivals))
    for candidate in (model, *rivals):
        _check_fit(model, candidate)
    told: list[dict[str, Any]] = []
    for kind in (SwapKind((name,), (0,)) for name in model.intermediates):
        # All rivals at once where some pair tells them all, else each by itself.
        together = _told(model, kind, rivals, options)
        if together["pairs"] or len(rivals) == 1:
            told.append(together)
        else:
            told.extend(_told(model, kind, [rival], options) for rival in rivals)
    if options.format == "json":
        print_json(told)
    else:
        print_lines(line for found in told for line in _lines(found))
    if any(found["pairs"] for found in told):
        return ExitCode.FINE
    return ExitCode.UNKNOWN if any(found["open"] for found in told) else ExitCode.CLAIM_FAILED


def _check_fit(model: CausalModel, candidate: CausalModel) -> None:
    """Raises `WrongUsageError` where one cannot be intervened on beside the other."""
    name = candidate.name
    if candidate.task != model.task:
        raise WrongUsageError(
            f"`{name}` is about `{candidate.task}`, `{model.name}` about `{model.task}`: rivals "
            "are models of one task"
        )
    if candidate.cyclic:
        raise WrongUsageError(f"`{name}` is cyclic, so a label may have no value or several")
    if not candidate.intermediates:
        raise WrongUsageError(
            f"`{name}` has no variable to swap; `causalspec compare` says whether the outputs "
            "differ without an intervention"
        )


def _told(
    model: CausalModel, kind: SwapKind, rivals: Sequence[CausalModel], options: argparse.Namespace
) -> dict[str, Any]:
    """Pairs that tell the model from all of the rivals at once, with every label and the coverage;
    or why there are none.
    """
    told: dict[str, Any] = {
        "model": model.name,
        "swap": kind.name,
        "from": [rival.name for rival in rivals],
        "pairs": [],
        "coverage": {},
        "open": False,
        "reason": None,
    }
    clauses: list[Distinction] = []
    for rival in map(with_noise_at_rest, rivals):
        beside = counterparts_of(kind, rival)
        if not beside:
            told["reason"] = f"`{rival.name}` has nothing to swap beside it"
            return told
        words = f"distinguish from {rival.name}"
        place = Span(Source("distinguish", words), 0, len(words))
        clauses.append(Distinction(rival, (beside,), place))
    span = clauses[0].span
    splits = (SplitSize("pairs", options.rows, span),)
    design = CounterfactualDesign(
        f"{model.name} {kind.name}", model, ("source",), (kind,), (), None, None, splits, (),
        options.seed, span, tuple(clauses),
    )  # fmt: skip
    try:
        pairs = generate(design, "pairs")
    except SpecError as error:
        told["open"] = any(diagnostic.code in UNDECIDED for diagnostic in error.diagnostics)
        told["reason"] = "; ".join(
            f"{diagnostic.message} ({diagnostic.help})" if diagnostic.help else diagnostic.message
            for diagnostic in error.diagnostics
        )
        return told
    told["pairs"] = [_pair(pairs, row) for row in range(len(pairs))]
    told["coverage"] = {
        covered.name: {"seen": covered.seen, "of": covered.size}
        for covered in pairs.summary.coverage
    }
    return told


def _pair(pairs: InterchangePairs, row: int) -> dict[str, Any]:
    """One pair with what each model says, by the interpreter."""
    model = pairs.model
    base, source = setting_at(pairs.base, row), setting_at(pairs.sources[0], row)

    def said(predicting: CausalModel, kind: SwapKind) -> str:
        solution = interpret.interchange(predicting, base, (source,), kind)
        return setting_text(predicting, solution, predicting.outputs, 60)

    labels = {model.name: [said(model, pairs.design.kinds[0])]}
    for distinction in pairs.design.distinctions:
        labels[distinction.rival.name] = sorted(
            {said(distinction.rival, kind) for kind in distinction.kinds[0]}
        )
    return {
        "base": setting_text(model, base, model.inputs, 60),
        "source": setting_text(model, source, model.inputs, 60),
        "labels": labels,
    }


def _lines(told: dict[str, Any]) -> Iterator[str]:
    yield f"swap {told['swap']} of {told['model']}, against {', '.join(told['from'])}"
    if not told["pairs"]:
        yield f"  no pair: {told['reason']}"
        return
    width = max(len(name) for name in ("source", *told["pairs"][0]["labels"]))
    for pair in told["pairs"]:
        yield f"  {'base':{width}}  {pair['base']}"
        yield f"  {'source':{width}}  {pair['source']}"
        for name, answers in pair["labels"].items():
            yield f"  {name:{width}}  => {' or '.join(answers)}"
        yield ""
    covered = (f"{name} {row['seen']} of {row['of']}" for name, row in told["coverage"].items())
    yield f"  values covered: {', '.join(covered)}"
