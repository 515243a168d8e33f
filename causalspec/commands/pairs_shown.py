"""Pairs as people compare them: base and source side by side, the label, and why it is that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from causalspec.commands.output import drawn, drawn_table
from causalspec.compiler import (
    CausalModel,
    CounterfactualDesign,
    DataSummary,
    InterchangePairs,
    Specification,
    SwapKind,
    assigned,
    generate,
    generate_chunks,
    interpret,
    render,
    setting_at,
    source_names,
    value_text,
)
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.display import visible
from causalspec.dsl.parser import parse

if TYPE_CHECKING:
    from rich.console import Console


COUNTED_ROWS = 200_000
"""So many rows of a split are counted for the summary: no more than a second's work."""

MOST_REASONS = 3


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


def print_pairs(specification: Specification, shown: Sample) -> None:
    """Every pair as a table, then how the rows of the split spread."""
    mechanisms = _mechanisms(specification, shown.design.model)
    with drawn() as console:
        for row in range(len(shown.pairs)):
            _print_pair(console, SolvedPair(specification, shown.pairs, row), row + 1, mechanisms)
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
        self.result = interpret.interchange(model, base, sources, kind)
        self.prompts = _prompts(specification, pairs, row, names, tuple(self.solutions))

    def text(self, name: str, side: str) -> str:
        """A variable's value in the solution of a side, as the language writes it."""
        value = self.solutions[side].get(name)
        return visible(value_text(self.model.by_name[name].domain, value))

    def label(self, output: str) -> str:
        """An output under the intervention, as the language writes it."""
        return visible(value_text(self.model.by_name[output].domain, self.result.get(output)))


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


def _print_pair(
    console: Console, pair: SolvedPair, number: int, mechanisms: Mapping[str, _Mechanism]
) -> None:
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
    for line in _reasons(pair, mechanisms):
        console.print(Padding(Text(visible(line)), (0, 0, 0, 2)))
    console.print()


# Why ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Mechanism:
    """A mechanism as the spec states it: `z[i] = (x[i] + y[i] + carry[i]) % 10`."""

    statement: str
    index: str | None


def _mechanisms(specification: Specification, model: CausalModel) -> dict[str, _Mechanism]:
    """What the spec's text says of each variable of a model; nothing for a derived one's."""
    file = parse(specification.source, Diagnostics())
    by_place: dict[int, _Mechanism] = {}
    for declaration in file.declarations:
        if not isinstance(declaration, syntax.ModelDeclaration | syntax.TaskDeclaration):
            continue
        for statement in declaration.body:
            if isinstance(statement, syntax.Output | syntax.Variable):
                declarator, written = statement.declarator, statement.mechanism
                index = declarator.index.text if declarator.index is not None else None
                name = declarator.name.text + (f"[{index}]" if index is not None else "")
                text = f"{name} = {' '.join(written.span.text.split())}"
                by_place[declarator.span.start] = _Mechanism(text, index)
    return {
        variable.name: by_place[variable.span.start]
        for variable in model.variables
        if variable.span is not None
        and variable.span.source.text == specification.source.text
        and variable.span.start in by_place
    }


def _reasons(pair: SolvedPair, mechanisms: Mapping[str, _Mechanism]) -> Iterator[str]:
    """The mechanisms of the outputs that changed (of the first one, where none did), with the
    values that they read under the intervention.
    """
    model, base = pair.model, pair.solutions["base"]
    changed = [name for name in model.outputs if pair.result.get(name) != base.get(name)]
    for name in changed[:MOST_REASONS] or model.outputs[:1]:
        yield f"{pair.label(name)}, since {_reason(pair, name, mechanisms.get(name))}"
    if len(changed) > MOST_REASONS:
        yield f"and {len(changed) - MOST_REASONS} more outputs changed"


def _reason(pair: SolvedPair, name: str, mechanism: _Mechanism | None) -> str:
    model = pair.model
    read = [
        assigned(model, parent, pair.result.get(parent))
        + (f" (from {pair.from_source[parent]})" if parent in pair.from_source else "")
        for parent in model.by_name[name].parents
    ]
    stated = name
    if mechanism is not None:
        stated = mechanism.statement
        if mechanism.index is not None:
            read.insert(0, f"{mechanism.index} = {name[name.index('[') + 1 : -1]}")
    return f"{stated}, with {', '.join(read)}" if read else stated


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
