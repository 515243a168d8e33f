"""Whether expressions are written alike, however deep they are and however much they share."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from causalspec.compiler.expressions import Expression, Reference, fold
from causalspec.compiler.model import CausalModel, Role, Variable

_OWN = ("value", "operator", "low", "high", "step", "table")
"""What nodes say apart from their operands and names."""


class Structures:
    """Gives expressions numbers: the same one where they are one tree."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._abbreviations: dict[int, int] = {}

    def number(self, root: Expression, name_of: Callable[[str], Hashable] = str) -> int:
        """References are the same where `name_of` says the same of their names."""

        def combine(node: Expression, operands: tuple[int, ...]) -> int:
            if isinstance(node, Reference):
                own = name_of(node.name)
            else:
                own = tuple(getattr(node, name, None) for name in _OWN)
            return self._numbers.setdefault((type(node), own, operands), len(self._numbers))

        return fold(root, combine)

    def looked_through(self, root: Expression, model: CausalModel) -> int:
        """The same, in which an abbreviation is what it stands for, and a variable is its name with
        its values.
        """

        def name_of(name: str) -> Hashable:
            variable = model.by_name[name]
            mechanism = variable.mechanism
            if variable.role is not Role.ABBREVIATION or mechanism is None:
                return name, variable.domain
            if id(mechanism) not in self._abbreviations:
                self._abbreviations[id(mechanism)] = self.looked_through(mechanism, model)
            return variable.domain, self._abbreviations[id(mechanism)]

        return self.number(root, name_of)


def same_expression(first: Expression, second: Expression) -> bool:
    """Whether two expressions are one tree over the same names."""
    structures = Structures()
    return structures.number(first) == structures.number(second)


def stated(model: CausalModel) -> dict[str, Variable]:
    """What a model states; abbreviations are only a way to write."""
    return {
        variable.name: variable
        for variable in model.variables
        if variable.role is not Role.ABBREVIATION
    }
