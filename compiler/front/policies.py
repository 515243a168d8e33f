"""Policies: what an intervention computes a variable as, in the place of its mechanism.

They are said beside the file, on a command line, and read in the model that they are said of: every
variable, parameter and function that its own mechanisms can read.
"""

from __future__ import annotations

from causalspec.compiler.domains import Numbers
from causalspec.compiler.expressions import Expression, Reference, kept_within, substituted
from causalspec.compiler.front.elaborate import compile_all
from causalspec.compiler.front.examples import value_in
from causalspec.compiler.front.names import Compilation
from causalspec.compiler.front.scopes import Declared, Environment
from causalspec.compiler.front.subexpressions import deep_calls
from causalspec.compiler.model import CausalModel
from causalspec.dsl import syntax


@deep_calls()
def compile_policy(
    compilation: Compilation, model: CausalModel, variable: str, written: syntax.Expression
) -> Expression | None:
    """An expression as a mechanism of a model's variable, None with the reason reported to the
    compilation that compiled the file.
    """
    draft = compilation.models.get(model.name)
    if draft is not None:
        scope, own, task = draft.own.scope(draft.environment.scope), draft.own, draft.task
    else:
        task = compilation.drafts[model.name]
        scope, own = task.results.scope(task.given.scope(task.parameters)), task.results
    value = value_in(Environment(compilation, scope), written, model.by_name[variable].domain)
    if value is None:
        return None
    everything = {known.name: known for known in (*task.given.members, *own.members)}
    compile_all(everything.values())
    return _over(model, value.node, everything)


def _over(
    model: CausalModel, expression: Expression, everything: dict[str, Declared]
) -> Expression:
    """The expression over variables of the model alone: an abbreviation of the task that nothing in
    the model reads is not one, and is computed where it is read.
    """

    def read(name: str) -> Expression:
        known = everything.get(name)
        if name in model.by_name or known is None or known.mechanism is None:
            return Reference(name)
        computed = _over(model, known.mechanism, everything)
        if known.typed and isinstance(known.domain, Numbers):
            return kept_within(computed, known.domain.codes())
        return computed

    return substituted(expression, read)
