"""The graph of a model: cycles, the order of computation, variables that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from causalspec.compiler.front.names import Compilation
from causalspec.compiler.front.scopes import Declared
from causalspec.compiler.model import Role
from causalspec.dsl.diagnostics import Related


def report_cycle(compilation: Compilation, cycle: Sequence[Declared]) -> None:
    """Report variables each of which reads the next, the last one the first."""
    start = min(range(len(cycle)), key=lambda index: cycle[index].span.start)
    cycle = [*cycle[start:], *cycle[:start]]
    circle = [*cycle, cycle[0]]
    path = " → ".join(f"`{variable.name}`" for variable in circle)
    compilation.error(
        "CS401",
        f"`{cycle[0].name}` depends on itself: {path}",
        cycle[0].span,
        help="take one of them out of the circle, or declare the model `cyclic`",
        related=[
            Related(reader.span, f"`{reader.name}` reads `{read.name}`")
            for reader, read in pairwise(circle)
        ],
    )


def in_order(
    compilation: Compilation, variables: Iterable[Declared], *, cycles_allowed: bool
) -> tuple[Declared, ...]:
    """Every variable after those that it reads; among equals, in the order of the text.

    A cycle is reported where none is allowed; its members follow in the order of the text.
    """
    by_name = {variable.name: variable for variable in variables}
    placed: dict[str, Declared] = {}
    on_path: dict[str, None] = {}

    def place(name: str) -> None:
        on_path[name] = None
        for parent in by_name[name].reads:
            if parent in placed or parent not in by_name:
                continue
            if parent not in on_path:
                place(parent)
            elif not cycles_allowed:
                path = list(on_path)
                report_cycle(
                    compilation, [by_name[member] for member in path[path.index(parent) :]]
                )
        del on_path[name]
        placed[name] = by_name[name]

    for name in by_name:
        if name not in placed:
            place(name)
    return tuple(placed.values())


def inputs_first(inputs: Iterable[Declared], ordered: Sequence[Declared]) -> list[Declared]:
    """Inputs in the order of the text, noise, then what is computed, in order."""
    noise = [variable for variable in ordered if variable.role is Role.NOISE]
    computed = [variable for variable in ordered if not variable.is_given]
    return [*inputs, *noise, *computed]
