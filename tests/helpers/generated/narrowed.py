"""Generated models in which swaps and other inputs lead out of some types."""

from __future__ import annotations

import random
from dataclasses import replace

from causalspec.compiler.domains import Numbers
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.model import CausalModel, Variable
from tests.helpers.columns_of import drawn_settings

_ROWS = 8


def narrowed(model: CausalModel, chance: random.Random) -> CausalModel:
    """The model with types that some inputs keep to, so that swaps and other inputs leave them."""
    solutions = [
        interpret.solve(model, setting)
        for setting in drawn_settings(model, chance.randrange(2**32), _ROWS)
    ]

    def narrow(variable: Variable) -> Variable:
        seen = [solution[variable.name] for solution in solutions if variable.name in solution]
        if variable.mechanism is None or not isinstance(variable.domain, Numbers) or not seen:
            return variable
        domain = replace(variable.domain, low=min(seen), high=max(seen))
        return replace(variable, domain=domain) if chance.random() < 0.3 else variable

    return replace(model, variables=tuple(map(narrow, model.variables)))
