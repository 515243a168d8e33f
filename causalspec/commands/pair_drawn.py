"""One pair before a network, drawn for people and written for machines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from causalspec.commands.output import drawn, drawn_table
from causalspec.commands.pairs_shown import SolvedPair, reasons_as_json
from causalspec.compiler import Alignment, InterchangePairs, SwapKind
from causalspec.dsl.display import visible
from causalspec.runtime import EarlierMaps, SeenPair, SeenToken, TokenKind, verbatim

if TYPE_CHECKING:
    from causalspec.runtime import SwappedAt

FORMAT = 1
SHOWN_TOKENS = 80
"""Of longer prompts the first and the last half of these are drawn, and what a site is at."""


@dataclass(frozen=True, eq=False)
class ShownPair:
    """A pair as the compiler and as a network see it; `row` of `rows` counts from 1."""

    pair: InterchangePairs
    row: int
    rows: int
    solved: SolvedPair
    seen: SeenPair
    alignment: Alignment
    network: str
    answers: str
    earlier: EarlierMaps | None

    @property
    def kind(self) -> SwapKind:
        """Which variables are swapped, from which sources."""
        return self.pair.design.kinds[int(self.pair.kinds[0])]

    @property
    def sides(self) -> tuple[str, ...]:
        """What the inputs are called: `base`, then the sources."""
        return tuple(self.solved.solutions)

    @property
    def variables(self) -> tuple[str, ...]:
        """The model's variables that are shown."""
        return tuple(self.solved.model.by_name)


# For machines -------------------------------------------------------------------------------------


def as_json(shown: ShownPair) -> dict[str, object]:
    """What `schemas/pair.json` describes."""
    seen, earlier, best = shown.seen, shown.earlier, shown.seen.likeliest
    return {
        "format": FORMAT,
        "data": shown.pair.design.name,
        "split": shown.pair.split,
        "row": shown.row,
        "rows": shown.rows,
        "network": shown.network,
        "answers_from": shown.answers,
        "alignment": shown.alignment.name,
        "maps": None if earlier is None else {
            "folder": str(earlier.folder), "claim": earlier.claim, "network": earlier.network,
        },
        "taken": _taken(shown, shown.kind),
        "inputs": [
            {
                "name": name,
                "text": seen_input.text,
                "tokens": [_token(number, token) for number, token in enumerate(seen_input.tokens)],
                "values": {v: shown.solved.text(v, name) for v in shown.variables},
                "said": seen_input.said,
                "right": seen_input.right,
            }
            for name, seen_input in zip(shown.sides, seen.inputs, strict=True)
        ],
        "under_swap": {name: shown.solved.label(name) for name in shown.variables},
        "label": seen.label,
        "why": reasons_as_json(shown.solved),
        "places": list(seen.places),
        "before": asdict(seen.before),
        "sites_offered": seen.offered,
        "sites": [
            {
                "sites": [str(site) for site in swapped.sites],
                "probability": swapped.answered.probability,
                "said": swapped.answered.said,
            }
            for swapped in seen.swapped
        ],
        "likeliest": {"sites": [str(site) for site in best.sites], **asdict(best.answered)},
    }  # fmt: skip


def _taken(shown: ShownPair, kind: SwapKind) -> list[dict[str, object]]:
    """Each variable that is swapped with where it is taken from, and what is swapped there."""
    found: list[dict[str, object]] = []
    names = shown.sides[1:]
    numbers = shown.kind.used_sources
    for variable, number in zip(kind.variables, kind.sources, strict=True):
        inner = kind.within_source(number)
        found.append(
            {
                "variable": variable,
                "source": names[numbers.index(number)],
                "within": [] if inner is None else _taken(shown, inner),
            }
        )
    return found


def _token(number: int, token: SeenToken) -> dict[str, object]:
    return {
        "position": number,
        "id": token.number,
        "piece": token.piece,
        "text": token.text,
        "kind": token.kind,
        "at": list(token.at),
    }


# For people ---------------------------------------------------------------------------------------


def print_pair(shown: ShownPair) -> None:
    """The pair as people compare it, in as many columns as there are."""
    with drawn() as console:
        _draw(shown, console)


def _draw(shown: ShownPair, console: Console) -> None:
    name = f"{shown.pair.design.name}.{shown.pair.split}"
    console.print(Text(f"{name}, row {shown.row:,} of {shown.rows:,}", style="bold"))
    console.print(Text(f"swap {shown.solved.swaps}"))
    console.print(Text(visible(f"on {shown.network}"), style="dim"))
    console.print()
    for side, seen_input in zip(shown.sides, shown.seen.inputs, strict=True):
        console.print(_line(side, visible(seen_input.text)))
    _draw_tokens(shown, console)
    _draw_values(shown, console)
    _draw_sites(shown, console)
    _draw_answers(shown, console)


def _line(heading: str, text: str) -> Table:
    """A heading with a text beside it, folded within its own column."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(min_width=6)
    grid.add_column(overflow="fold")
    grid.add_row(Text(heading, style="cyan"), Text(text))
    return grid


def _show(console: Console, title: str, table: Table) -> None:
    console.print()
    console.print(Text(title, style="bold"))
    console.print(Padding(table, (0, 0, 0, 2)))


def _draw_tokens(shown: ShownPair, console: Console) -> None:
    rows = list(zip_longest(*(seen_input.tokens for seen_input in shown.seen.inputs)))
    if not rows:
        return
    table = drawn_table(console, "", *shown.sides)
    half, skipped = SHOWN_TOKENS // 2, 0
    for number, cells in enumerate(rows):
        marked = any(token is not None and token.at for token in cells)
        if half <= number < len(rows) - half and not marked:
            skipped += 1
            continue
        if skipped:
            table.add_row("…", Text(f"{skipped} tokens more", style="dim"))
            skipped = 0
        table.add_row(str(number), *map(_token_cell, cells))
    _show(console, "tokens, with their numbers in the vocabulary", table)


def _token_cell(token: SeenToken | None) -> Text:
    """`" left" 7  < last`: text in quotes, what the tokenizer adds without."""
    if token is None:
        return Text("")
    match token.kind:
        case TokenKind.TEXT:
            cell = Text(f'"{verbatim(token.text)}"' if token.text else visible(token.piece))
        case TokenKind.SPECIAL:
            cell = Text(visible(token.piece), style="magenta")
        case TokenKind.ANSWER:
            cell = Text(f"{visible(token.piece)} (given)", style="magenta")
    cell.append(f" {token.number}", style="dim")
    if token.at:
        cell.append(f"  < {', '.join(token.at)}", style="bold green")
    return cell


def _draw_values(shown: ShownPair, console: Console) -> None:
    solved = shown.solved
    table = drawn_table(console, "", *shown.sides, "under the swap")
    for name in shown.variables:
        source = solved.from_source.get(name)
        result = solved.label(name)
        if source is not None:
            result = f"{result} (from {source})"
        changed = solved.result.get(name) != solved.solutions["base"].get(name)
        table.add_row(
            Text(name, style="cyan"),
            *(Text(solved.text(name, side)) for side in shown.sides),
            Text(result, style="bold" if changed else ""),
        )
    said = (
        Text(verbatim(seen.said) + ("" if seen.said == seen.right else " (wrong)"))
        for seen in shown.seen.inputs
    )
    table.add_row(
        Text("it says", style="cyan"), *said, Text(f"label: {verbatim(shown.seen.label)}")
    )
    _show(console, f"values of {solved.model.name}", table)
    console.print()
    for line in solved.why(console.width - 2):
        console.print(Padding(Text(line), (0, 0, 0, 2)))


def _draw_sites(shown: ShownPair, console: Console) -> None:
    seen, earlier = shown.seen, shown.earlier
    table = drawn_table(console, "site", "label", "it says")
    table.columns[1].justify = "right"
    table.add_row("nothing swapped", _share(seen.before.probability), verbatim(seen.before.said))
    for swapped in seen.swapped:
        table.add_row(
            Text("\n".join(_places(swapped, shown))),
            _share(swapped.answered.probability),
            Text(verbatim(swapped.answered.said)),
        )
    if earlier is not None:
        title = f"swapped by {earlier.named}"
    else:
        tried = len(seen.swapped)
        title = f"whole vectors swapped at each site of {shown.alignment.name}"
        if seen.offered > tried:
            title = f"{title}: the first {tried} of {seen.offered:,}"
    _show(console, visible(title), table)
    if any(placement.write is not None for placement in shown.alignment.placements):
        text = "the alignment writes something else: here the sources' own vectors are swapped"
        console.print(Padding(Text(text), (0, 0, 0, 2)))


def _places(swapped: SwappedAt, shown: ShownPair) -> Iterator[str]:
    """`color from source at residual, layer 1, token last`, a line a placement."""
    for site, variables in zip(swapped.sites, swapped.variables, strict=True):
        taken = [
            f"{name} from {shown.solved.from_source[name]}"
            for name in variables
            if name in shown.solved.from_source
        ]
        yield f"{', '.join(taken)} at {site}" if taken else f"(unused) {site}"


def _draw_answers(shown: ShownPair, console: Console) -> None:
    seen, best = shown.seen, shown.seen.likeliest
    for number, place in enumerate(seen.places):
        table = drawn_table(console, "before", "", "with the swap", "")
        for column in (1, 3):
            table.columns[column].justify = "right"
        for ranked in zip_longest(seen.before.top[number], best.answered.top[number]):
            for_both = [
                ("", "")
                if answer is None
                else (f'"{verbatim(answer.text)}"', _share(answer.probability))
                for answer in ranked
            ]
            table.add_row(*(Text(cell) for cells in for_both for cell in cells))
        where = " and ".join(dict.fromkeys(str(site) for site in best.sites))
        _show(console, f"{place}: likeliest answers before, and swapped at {where}", table)


def _share(value: float) -> str:
    return f"{value:.4f}"
