"""The graph of a model: cycles, the order of computation, variables that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from causalspec.compiler.front.names import Compilation
from causalspec.compiler.front.scopes import Declared
from causalspec.compiler.model import reached
from causalspec.dsl.diagnostics import Related


def report_cycle(compilation: Compilation, cycle: Sequence[Declared]) -> None:
    """Report variables each of which reads the next, the last one the first."""
    start = min(range(len(cycle)), key=lambda index: cycle[index].span.start)
    cycle = [*cycle[start:], *cycle[:start]]
    path = " → ".join(f"`{one.name}`" for one in (*cycle, cycle[0]))
    following = (*cycle[1:], cycle[0])
    compilation.error(
        "CS401",
        f"`{cycle[0].name}` depends on itself: {path}",
        cycle[0].span,
        help="take one of them out of the circle, or declare the model `cyclic`",
        related=[
            Related(one.span, f"`{one.name}` reads `{other.name}`")
            for one, other in zip(cycle, following, strict=True)
        ],
    )


def in_order(
    compilation: Compilation, variables: Iterable[Declared], *, cycles_allowed: bool
) -> tuple[Declared, ...]:
    """Every variable after those that it reads; among equals, in the order of the text.

    A cycle is reported where none is allowed; its members follow in the order of the text.
    """
    by_name = {one.name: one for one in variables}
    parents = {name: read_by(one, by_name) for name, one in by_name.items()}
    placed: dict[str, Declared] = {}
    on_path: dict[str, None] = {}
    for first in by_name:
        # Depth first with a stack of iterators: long chains must not exhaust Python's own.
        stack = [(first, iter(parents[first]))] if first not in placed else []
        on_path.update({first: None} if stack else {})
        while stack:
            name, remaining = stack[-1]
            parent = next(remaining, None)
            if parent is None:
                stack.pop()
                del on_path[name]
                placed[name] = by_name[name]
            elif parent in on_path:
                if not cycles_allowed:
                    path = list(on_path)
                    report_cycle(compilation, [by_name[n] for n in path[path.index(parent) :]])
            elif parent not in placed:
                on_path[parent] = None
                stack.append((parent, iter(parents[parent])))
    return tuple(placed.values())


def read_by(variable: Declared, among: Mapping[str, object]) -> tuple[str, ...]:
    """The names among `among` that a variable's mechanism reads."""
    return tuple(name for name in variable.reads if name in among)


def ancestors(
    variables: Mapping[str, Declared], of: Iterable[str], *, cut: Iterable[str] = ()
) -> frozenset[str]:
    """Everything that `of` depends on, itself included; `cut` variables depend on nothing."""
    known = variables.keys() - set(cut)
    read = reached(of, lambda name: variables[name].reads if name in known else ())
    return read & variables.keys()
