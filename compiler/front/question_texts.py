"""`say smokes { … }` in a model: how questions speak of a variable's values."""

from __future__ import annotations

from dataclasses import replace

from causalspec.compiler.front.examples import target_variable
from causalspec.compiler.front.matching import cases
from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import of_kind
from causalspec.compiler.front.scopes import Binding, Declared, Environment, Family, Hidden, Scope
from causalspec.compiler.front.templates import arms_of, conditioned
from causalspec.compiler.model import family_of
from causalspec.compiler.specification import PromptTemplate
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related
from causalspec.dsl.source import Span


def question_texts(draft: ModelDraft) -> dict[str, PromptTemplate]:
    """What a model says of its variables, each a template over the variable alone."""
    found: dict[str, PromptTemplate] = {}
    said: dict[str, Span] = {}
    for statement in of_kind(draft.declaration.body, syntax.Say):
        for variable in _said(draft, statement):
            if variable.name in said:
                where = Related(said[variable.name], "first said here")
                place, again = statement.output.span, f"`{variable.name}` is said twice"
                draft.home.repeated(again, place, where)
                continue
            said[variable.name] = statement.output.span
            template = _template(draft, statement, variable)
            if template is not None:
                found[variable.name] = template
    return found


def _said(draft: ModelDraft, statement: syntax.Say) -> list[Declared]:
    """The variables that a `say` speaks for: one, or every member of a family."""
    target = statement.output
    environment = _reach(draft)
    binding = environment.find(target) if isinstance(target, syntax.Name) else None
    if isinstance(binding, Family):
        return [member for member in binding.members.values() if isinstance(member, Declared)]
    variable = target_variable(environment, target, draft.variables)
    return [variable] if variable is not None else []


def _template(
    draft: ModelDraft, statement: syntax.Say, variable: Declared
) -> PromptTemplate | None:
    body, name, span = statement.body, variable.name, statement.span
    if variable.domain is None:
        return None
    if isinstance(body, syntax.RightTexts) or (
        isinstance(body, syntax.TemplateMatch)
        and any(isinstance(arm.result, syntax.RightTexts) for arm in body.arms)
    ):
        message = "a question speaks of a value in one text, not in several to choose from"
        advice = "`say` in the task tells which answers are right"
        return draft.home.error("CS650", message, body.span, help=advice)
    environment = _alone(draft, variable)
    if isinstance(body, syntax.Template):
        return PromptTemplate(name, arms_of(environment, body), span)
    found = cases(environment, body.arms, variable.domain, statement.output, code="CS310")
    arms = None if found is None else conditioned(environment, variable.value, found)
    return None if arms is None else PromptTemplate(name, arms, span)


def _reach(draft: ModelDraft) -> Environment:
    return Environment(draft.home, draft.own.scope(draft.task.results.scope(
        draft.task.given.scope(draft.task.parameters))))  # fmt: skip


def _alone(draft: ModelDraft, variable: Declared) -> Environment:
    """What the text of a variable reads: the variable. With others in reach a question would give
    their values away.
    """
    environment, family = _reach(draft), family_of(variable.name)
    reason = f"is not `{family}`: what a question says of a variable depends on it alone"
    names = (*draft.task.given.bindings, *draft.own.bindings)
    spans = {**draft.task.given.spans, **draft.own.spans}
    hidden: dict[str, Binding] = dict.fromkeys(names, Hidden(reason))
    bare = replace(environment, scope=Scope(hidden, environment.scope, spans))
    name = spans.get(family) or syntax.Name(family, span=variable.span)  # of a broken output: none
    return bare.inner(name, variable.value)
