"""`causalspec sample`: what a model makes likely: seen, done, or had it been otherwise."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from causalspec.commands.arguments import (
    WrongUsageError,
    add_file_argument,
    add_spec_argument,
    assignment,
    count,
)
from causalspec.commands.output import aligned, print_diagnostics, write_output
from causalspec.commands.sample_query import query_of, variable_of
from causalspec.commands.specs import find_model, load_open, model_values
from causalspec.compiler import (
    CausalModel,
    Outcome,
    PromptTemplate,
    Query,
    Question,
    Rung,
    UnanswerableError,
    equilibrium_outcomes,
    expectation,
    outcomes,
    policy_texts,
    questions,
    sample,
    setting_at,
)
from causalspec.dsl.diagnostics import SpecError
from causalspec.dsl.display import visible
from causalspec.exit_codes import ExitCode

EXAMPLE = (
    "causalspec sample firing_squad.causal TwoRiflemen --observe dead=true --do first=false --exact"
)

ROWS = 10
MOST_ROWS = 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_spec_argument(parser)
    parser.add_argument("model", metavar="MODEL", help="a model or task")
    setting = partial(assignment, example="dead=true")
    parser.add_argument(
        "--observe", action="append", default=[], type=setting, metavar="NAME=VALUE",
        help="evidence about the world as it is (repeated: all of it)",
    )  # fmt: skip
    parser.add_argument(
        "--do", action="append", default=[], type=setting, metavar="NAME=EXPRESSION",
        help="set a variable, whatever its mechanism says (repeated: all of them), to a value or "
        "to what an expression over others gives; `M=M with X=VALUE` sets M to what it is where X "
        "is set",
    )  # fmt: skip
    parser.add_argument(
        "--then-observe", action="append", default=[], type=setting, metavar="NAME=VALUE",
        help="evidence about the world under --do (repeated: all of it)",
    )  # fmt: skip
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--exact", action="store_true", help="every outcome with its probability, nothing drawn"
    )
    what.add_argument(
        "--questions", action="store_true",
        help="questions with their answers and derivations, the three rungs in turn",
    )  # fmt: skip
    what.add_argument(
        "--expect", action="append", default=[], metavar="NAME",
        help="the expected value of a number or truth value, exactly (repeated: of each)",
    )  # fmt: skip
    parser.add_argument(
        "--of", action="append", metavar="NAME",
        help="a variable that --exact is about (repeated: together); the outputs by default",
    )  # fmt: skip
    parser.add_argument("--rows", type=count, default=ROWS, help=f"rows or questions ({ROWS})")
    parser.add_argument("--seed", type=count, default=0, help="of what is drawn (0)")
    add_file_argument(parser)
    parser.add_argument(
        "--format", choices=("text", "jsonl"), default="text", help="for people, or JSON Lines"
    )


def run(options: argparse.Namespace) -> ExitCode:
    """Draw or compute, and write; 2 where evidence is impossible, 4 where worlds are too many."""
    specification, known = load_open(options.spec, options.settings)
    model = find_model(specification, options.model)
    if options.rows > MOST_ROWS:
        raise WrongUsageError(f"--rows: {options.rows:,} rows are more than {MOST_ROWS:,}")
    if options.questions and (options.observe or options.then_observe):
        raise WrongUsageError(
            "--questions makes up its own evidence: leave out --observe and --then-observe"
        )
    if options.of and not options.exact:
        raise WrongUsageError(
            "--of goes with --exact: what is drawn has a value for every variable"
        )
    try:
        query = query_of(model, known, options)
    except SpecError as error:  # of the command line, not of the spec
        print_diagnostics(error.diagnostics, sys.stderr)
        return ExitCode.WRONG_USAGE
    of = list(dict.fromkeys(options.of or model.outputs))
    for name in of:
        variable_of(model, "--of", name)
    for name in options.expect:
        variable_of(model, "--expect", name)
    as_text = options.format == "text"
    found: list[Question] = []
    if options.questions:
        texts = specification.question_texts.get(model.name, {})
        lines = _questions(query, found, options, texts)
    elif options.expect:
        lines = _expectations(query, list(dict.fromkeys(options.expect)), as_text)
    elif options.exact:
        lines = (_equilibria if model.cyclic else _outcomes)(query, of, as_text)
    else:
        lines = _rows(query, options.rows, options.seed, as_text)
    try:
        text = "".join(f"{line}\n" for line in lines)
    except UnanswerableError as error:
        raise WrongUsageError(str(error)) from error
    write_output(options.out, text)
    if options.questions and len(found) < options.rows:
        print(
            f"`{model.name}` has {len(found):,} different questions, not {options.rows:,}",
            file=sys.stderr,
        )
    return ExitCode.FINE


# What is written -------------------------------------------------------------------------------


def _rows(query: Query, rows: int, seed: int, as_text: bool) -> Iterator[str]:
    drawn = sample(query, rows, seed)
    predicted = _settings(query.model, drawn.predicted, rows)
    if query.rung is not Rung.COUNTERFACTUAL:
        if as_text:
            yield from _table(list(query.model.by_name), predicted)
        else:
            yield from (_json({"rung": query.rung, "values": row}) for row in predicted)
        return
    factual = _settings(query.model, drawn.factual, rows)
    if as_text:
        names = list(query.model.by_name)
        fixed = set(query.model.exogenous) - set(query.done)
        moved = [name for name in names if name not in fixed]
        both = [
            {**row, **{f"{name}'": other[name] for name in moved}}
            for row, other in zip(factual, predicted, strict=True)
        ]
        yield from _table([*names, *(f"{name}'" for name in moved)], both)
        yield "  x' is x under the intervention"
        return
    for row, other in zip(factual, predicted, strict=True):
        yield _json({"rung": query.rung, "factual": row, "counterfactual": other})


def _outcomes(query: Query, of: Sequence[str], as_text: bool) -> Iterator[str]:
    found = outcomes(query, of)
    if as_text:
        rows = [
            {**_words(query.model, outcome.values, of), "probability": str(outcome.probability),
             "": f"{float(outcome.probability):.4f}"}
            for outcome in found
        ]  # fmt: skip
        yield from _table([*of, "probability", ""], rows)
        return
    yield from (
        _json({"rung": query.rung, **_outcome(query.model, outcome, of)}) for outcome in found
    )


def _equilibria(query: Query, of: Sequence[str], as_text: bool) -> Iterator[str]:
    found, without = equilibrium_outcomes(query, of)
    if as_text:
        rows = [
            {**_words(query.model, bounds.values, of), "at least": str(bounds.lowest),
             "at most": str(bounds.highest)}
            for bounds in found
        ]  # fmt: skip
        yield from _table([*of, "at least", "at most"], rows)
        yield "  at least: where all equilibria say so; at most: where one does"
        if without:
            yield f"  no equilibrium with probability {without}"
        return
    for bounds in found:
        yield _json(
            {
                "rung": query.rung,
                "values": _words(query.model, bounds.values, of),
                "at_least": str(bounds.lowest),
                "at_most": str(bounds.highest),
            }
        )
    if without:
        yield _json({"rung": query.rung, "no_equilibrium": str(without)})


def _expectations(query: Query, names: Sequence[str], as_text: bool) -> Iterator[str]:
    found = {name: expectation(query, name) for name in names}
    if as_text:
        rows = [
            {"variable": name, "expected": str(value), "": f"{float(value):.4f}"}
            for name, value in found.items()
        ]
        yield from _table(["variable", "expected", ""], rows)
        return
    for name, value in found.items():
        yield _json(
            {
                "rung": query.rung,
                "variable": name,
                "expected": str(value),
                "approximately": float(value),
            }
        )


def _questions(
    query: Query,
    found: list[Question],
    options: argparse.Namespace,
    texts: Mapping[str, PromptTemplate],
) -> Iterator[str]:
    model = query.model
    for number, question in enumerate(questions(query, options.rows, options.seed, texts), 1):
        found.append(question)
        if options.format != "text":
            yield _json(_question(model, question))
            continue
        if number == 1:
            yield f"{model.name}:"
            yield from (f"  {visible(line)}" for line in question.model)
        yield ""
        yield f"{number}. {visible(question.text)}"
        yield from (f"   {visible(line)}" for line in question.derivation)


def _question(model: CausalModel, question: Question) -> dict[str, Any]:
    answer = _words(model, question.answer.values, [question.of])[question.of]
    return {
        "rung": question.rung,
        "model": list(question.model),
        "question": question.text,
        "asks": {question.of: answer} if question.asked is not None else {},
        "variables": question.variables,
        "answer": answer,
        "probability": str(question.answer.probability),
        "answers": [_outcome(model, other, [question.of]) for other in question.answers],
        "derivation": list(question.derivation),
        "observed": _words(model, question.query.observed, ()),
        "done": {**_words(model, question.query.done, ()), **policy_texts(question.query)},
    }


def _outcome(model: CausalModel, outcome: Outcome, of: Sequence[str]) -> dict[str, Any]:
    return {
        "values": _words(model, outcome.values, of),
        "probability": str(outcome.probability),
        "approximately": float(outcome.probability),
    }


_Words = Mapping[str, str | None]
"""Values as people write them, by variable; None for what is undefined."""


def _words(model: CausalModel, setting: Mapping[str, int], names: Iterable[str]) -> _Words:
    return dict.fromkeys(names) | model_values(model, setting)


def _settings(model: CausalModel, columns: Mapping[str, Any], rows: int) -> list[_Words]:
    import numpy

    whole = {name: numpy.broadcast_to(column, (rows,)) for name, column in columns.items()}
    return [_words(model, setting_at(whole, row), model.by_name) for row in range(rows)]


def _table(names: Sequence[str], rows: Sequence[_Words]) -> Iterator[str]:
    cells = ([visible(row[name] or "undefined") for name in names] for row in rows)
    return aligned([names, *cells], left=len(names))


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False)
