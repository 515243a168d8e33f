"""Pairs as people compare them: base and source side by side, the label, and why it is that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from causalspec.commands.output import drawn, drawn_table
from causalspec.compiler import (
    CounterfactualDesign,
    DataSummary,
    InterchangePairs,
    Specification,
    SwapKind,
    generate,
    generate_chunks,
    interpret,
    reasons,
    render,
    setting_at,
    source_names,
    value_text,
)
from causalspec.dsl.display import visible

if TYPE_CHECKING:
    from rich.console import Console


COUNTED_ROWS = 200_000
"""So many rows of a split are counted for the summary: no more than a second's work."""


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """The first pairs of a split, and what was counted over more of its rows; `rows` in all."""

    design: CounterfactualDesign
    pairs: InterchangePairs
    summary: DataSummary
    rows: int


def sample(
    design: CounterfactualDesign, split: str, most: int, rows: int | None, seed: int | None
) -> Sample:
    """The pairs that the split's file starts with. Raises what generation raises."""
    if rows is None:
        rows = next(part.rows for part in design.splits if part.name == split)
    summary = DataSummary(design)
    shown = None
    for chunk in generate_chunks(
        design, split, rows=rows, seed=seed, chunk_rows=max(most, 1 << 14)
    ):
        shown = shown or chunk.select(slice(0, most))
        summary.add(chunk)
        if summary.rows >= COUNTED_ROWS:
            break
    if shown is None:
        shown = generate(design, split, rows=0, seed=seed)
    return Sample(design, shown, summary, rows)


def print_pairs(shown: Sample, solved: Sequence[SolvedPair]) -> None:
    """Every pair as a table, then how the rows of the split spread."""
    with drawn() as console:
        for number, pair in enumerate(solved, 1):
            _print_pair(console, pair, number)
        _print_summary(console, shown)


# A pair -------------------------------------------------------------------------------------------


class SolvedPair:
    """One row, solved by the interpreter: it is what the labels are held to."""

    def __init__(self, specification: Specification, pairs: InterchangePairs, row: int) -> None:
        model, kind = pairs.model, pairs.design.kinds[int(pairs.kinds[row])]
        names = source_names(pairs.design)
        base = setting_at(pairs.base, row)
        sources = [setting_at(columns, row) for columns in pairs.sources]
        self.model = model
        self.from_source = {
            variable: names[number]
            for variable, number in zip(kind.variables, kind.sources, strict=True)
        }
        self.swaps = _swaps(kind, names)
        self.solutions = {"base": interpret.solve(model, base)}
        for number in kind.used_sources:
            inner = kind.within_source(number)
            self.solutions[names[number]] = (
                interpret.solve(model, sources[number])
                if inner is None
                else interpret.interchange(model, sources[number], sources, inner)
            )
        run = reasons.run_of(model, base, sources, names, kind)
        self.result = run.solution
        self.reasons = tuple(reasons.reasons(run, reasons.outputs_to_explain(run)))
        self.prompts = _prompts(specification, pairs, row, names, tuple(self.solutions))

    def text(self, name: str, side: str) -> str:
        """A variable's value in the solution of a side, as the language writes it."""
        value = self.solutions[side].get(name)
        return visible(value_text(self.model.by_name[name].domain, value))

    def why(self, width: int) -> Iterator[str]:
        """Why the label is what it is, in lines for people."""
        return map(visible, reasons.lines(self.reasons, width))

    def label(self, output: str) -> str:
        """An output under the intervention, as the language writes it."""
        return visible(value_text(self.model.by_name[output].domain, self.result.get(output)))


def reasons_as_json(pair: SolvedPair) -> list[dict[str, object]]:
    """Why the label is what it is, for machines: all of it."""
    return [
        {
            "run": reason.run or "result",
            "variable": reason.variable,
            "value": None if reason.code is None else value_text(
                pair.model.by_name[reason.variable].domain, reason.code
            ),
            "depth": reason.depth,
            "text": reason.text,
        }
        for reason in pair.reasons
    ]  # fmt: skip


def _swaps(kind: SwapKind, names: Sequence[str]) -> str:
    """`left from s1, right from (s2 with left from s3)`."""
    parts: list[str] = []
    for variable, number in zip(kind.variables, kind.sources, strict=True):
        inner = kind.within_source(number)
        source = names[number]
        if inner is not None:
            source = f"({source} with {_swaps(inner, names)})"
        parts.append(f"{variable} from {source}")
    return ", ".join(parts)


def _prompts(
    specification: Specification,
    pairs: InterchangePairs,
    row: int,
    names: Sequence[str],
    sides: Sequence[str],
) -> dict[str, str]:
    """The first prompt of the task for each side; none where it has no prompt."""
    task = specification.tasks[pairs.model.task]
    template = next(iter(task.prompts.values()), None)
    if template is None:
        return {}
    pair = pairs.select(slice(row, row + 1))
    columns = {"base": pair.base, **dict(zip(names, pair.sources, strict=True))}
    texts = {name: render(template, task.model, columns[name]).texts[0] for name in sides}
    return {name: "\n".join(map(visible, text.split("\n"))) for name, text in texts.items()}


def _print_pair(console: Console, pair: SolvedPair, number: int) -> None:
    from rich.padding import Padding
    from rich.text import Text

    console.print(Text(f"pair {number}: swap {pair.swaps}", style="bold"))
    table = drawn_table(console, "", *pair.solutions)
    model = pair.model
    for name in model.exogenous:
        table.add_row(name, *(pair.text(name, side) for side in pair.solutions))
    if pair.prompts:
        table.add_row("prompt", *(pair.prompts[side].rstrip("\n") for side in pair.solutions))
    for name, source in pair.from_source.items():
        marked = [
            Text(f"{pair.text(name, side)} (swapped in)", style="bold cyan")
            if side == source
            else Text(pair.text(name, side))
            for side in pair.solutions
        ]
        table.add_row(Text(name, style="cyan"), *marked)
    for output in model.outputs:
        table.add_row(output, *(pair.text(output, side) for side in pair.solutions))
        changed = pair.result.get(output) != pair.solutions["base"].get(output)
        word = "changed" if changed else "as in the base"
        table.add_row(
            Text(f"label of {output}" if len(model.outputs) > 1 else "label", style="bold"),
            Text(f"{pair.label(output)} ({word})", style="bold green" if changed else "bold"),
        )
    console.print(table)
    for line in pair.why(console.width - 2):
        console.print(Padding(Text(line), (0, 0, 0, 2)))
    console.print()


# The summary --------------------------------------------------------------------------------------


def _print_summary(console: Console, shown: Sample) -> None:
    summary = shown.summary
    if not summary.rows:
        console.print(f"{shown.pairs.split} has no rows")
        return
    design = shown.design
    part = (
        f"the first {summary.rows:,} of {shown.rows:,}"
        if summary.rows < shown.rows
        else (f"all {summary.rows:,}")
    )
    pairs = summary.distinct
    distinct = f", {pairs.count:,} distinct" if pairs.exact and pairs.count < summary.rows else ""
    console.print(
        f"{design.name}.{shown.pairs.split}, {part} rows{distinct}: {summary.floor:.1%} keep the "
        "base's label"
    )
    conditions = (" ".join(condition.span.text.split()) for condition in design.stratified)
    table = drawn_table(console, "swap", "label", *conditions)
    table.add_column("rows", justify="right")
    for stratum in summary.strata:
        word = "changed" if stratum.changed else "as in the base"
        table.add_row(stratum.kind, word, *map(visible, stratum.values), f"{stratum.rows:,}")
    console.print(table)
