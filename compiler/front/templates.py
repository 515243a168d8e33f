"""Prompts and the texts of answers: how a task's rows reach a network that reads."""

from __future__ import annotations

from dataclasses import replace

from causalspec.compiler.expressions import Constant, Expression
from causalspec.compiler.front.arithmetic import conjunction, truth
from causalspec.compiler.front.chats import chat_of
from causalspec.compiler.front.elaborate import condition, elaborate
from causalspec.compiler.front.matching import Case, cases
from causalspec.compiler.front.names import Compilation, distinct, of_kind
from causalspec.compiler.front.patterns import around, within
from causalspec.compiler.front.scopes import Binding, Declared, Environment, Family, Hidden, Scope
from causalspec.compiler.front.slots import parts_of_template
from causalspec.compiler.front.tasks import TaskDraft
from causalspec.compiler.front.types import domain_of
from causalspec.compiler.front.values import Value
from causalspec.compiler.model import family_of
from causalspec.compiler.specification import PromptTemplate, SlotValue, Task, TemplateArm
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related
from causalspec.dsl.source import Span

MOST_TEXTS = 1 << 20
"""So many texts may be right, over all values of an output."""


def prompts_of(compilation: Compilation, draft: TaskDraft) -> dict[str, PromptTemplate]:
    """A task's prompts by name."""
    prompts = of_kind(draft.declaration.body, syntax.Prompt)
    names = distinct(compilation, (prompt.name for prompt in prompts))
    return {
        name.text: _prompt(draft.environment, name, prompt.body)
        for prompt in prompts
        if names[(name := prompt.name).text] is name
    }


def _prompt(
    environment: Environment,
    name: syntax.Name,
    body: syntax.Template | syntax.TemplateMatch | syntax.Chat,
) -> PromptTemplate:
    if isinstance(body, syntax.Chat):
        return chat_of(environment, name, body)
    return PromptTemplate(name.text, arms_of(environment, body), name.span)


def arms_of(
    environment: Environment, body: syntax.Template | syntax.TemplateMatch
) -> tuple[TemplateArm, ...]:
    """The texts of a template."""
    if isinstance(body, syntax.Template):
        return (TemplateArm(None, parts_of_template(environment, body)),)
    subject = elaborate(environment, body.subject)
    found: list[Case] | None = None
    if subject.domain is not None:
        inside = around(environment, subject, body.subject)
        found = cases(inside, body.arms, subject.domain, body.subject)
    if found is None:
        # The texts may hold mistakes of their own.
        for arm in body.arms:
            _arm_parts(environment, arm)
        return ()
    return conditioned(environment, subject, found)


def conditioned(
    environment: Environment, subject: Value, found: list[Case]
) -> tuple[TemplateArm, ...]:
    """The texts of cases, each where its values are taken."""
    arms: list[TemplateArm] = []
    for case in found:
        parts = _arm_parts(environment, case.arm)
        condition = within(subject, case.taken)
        # All values are taken, so that nothing is left for the last arm to test.
        arms.append(TemplateArm(condition.node if case is not found[-1] else None, parts))
    return tuple(arms)


def _arm_parts(environment: Environment, arm: syntax.Arm) -> tuple[str | SlotValue, ...]:
    match arm.result:
        case syntax.Template():
            return parts_of_template(environment, arm.result)
        case syntax.Text(value=value):
            return (value,)
        case syntax.RightTexts() as several:
            message = "a prompt is one text, not several to choose from"
            advice = "write each as a prompt of its own: a claim can be fitted on one of them"
            environment.compilation.error("CS640", message, several.span, help=advice)
            return ()
        case other:
            environment.compilation.wrong("CS205", other, "is not a quoted text")
            return ()


def with_answers(compilation: Compilation, draft: TaskDraft, task: Task) -> Task:
    """A task with the text of every output: its `say`, or the value's own text where there is none;
    and those that are said in one prompt only.
    """
    found: dict[str | None, dict[str, PromptTemplate]] = {None: {}}
    said: dict[tuple[str | None, str], Span] = {}
    for statement in of_kind(draft.declaration.body, syntax.Say):
        prompt = _asking(compilation, task, statement)
        for output in _said_outputs(compilation, draft, statement):
            place = statement.output.span
            key = (prompt, output.name)
            if key in said:
                where = Related(said[key], "first said here")
                compilation.repeated(f"`{output.name}` is said twice", place, where)
                continue
            said[key] = place
            if output.domain is not None:
                texts = found.setdefault(prompt, {})
                texts[output.name] = _answer(draft, statement, output)
                _check_alone(compilation, draft, statement, texts[output.name])
    everywhere = found.pop(None)
    for output in draft.results.members:
        if (None, output.name) not in said and output.domain is not None:
            default = SlotValue(output.name, output.value.node, output.domain)
            arms = (TemplateArm(None, (default,)),)
            everywhere[output.name] = PromptTemplate(output.name, arms, output.span)
    order = [output.name for output in draft.results.members]
    answers = {name: everywhere[name] for name in order if name in everywhere}
    own = {prompt: texts for prompt, texts in found.items() if prompt is not None}
    return replace(task, answers=answers, own_answers=own)


def _asking(compilation: Compilation, task: Task, statement: syntax.Say) -> str | None:
    """The one prompt that a `say` is for, None where it is for all."""
    if statement.prompt is None:
        return None
    name = statement.prompt
    if name.text in task.prompts:
        compilation.meanings.note(name.span, task.prompts[name.text].span)
    else:
        compilation.unknown("prompt", name, task.prompts)
    return name.text


def _check_alone(
    compilation: Compilation, draft: TaskDraft, statement: syntax.Say, answer: PromptTemplate
) -> None:
    """Several right texts are for the only output that a network has to say."""
    others = [other.name for other in draft.results.members if other.name != answer.name]
    if answer.any and others:
        compilation.error(
            "CS641",
            f"several texts are right for `{answer.name}`, but a network also has to say "
            f"`{others[0]}`",
            statement.body.span,
            help="let the task have one output, or say one text for each value",
        )


def _said_outputs(
    compilation: Compilation, draft: TaskDraft, statement: syntax.Say
) -> list[Declared]:
    """The outputs that a `say` speaks for: one, or every member of a family."""
    target = statement.output
    name = target.family if isinstance(target, syntax.Member) else target
    if not isinstance(name, syntax.Name):
        return []
    found = draft.results.bindings.get(name.text)
    if found is None:
        compilation.unknown("output", name, draft.results.bindings)
        return []
    compilation.meanings.note(name.span, draft.results.spans.get(name.text))
    match found, target:
        case Declared(), syntax.Name():
            return [found]
        case Family(members=members), _:
            written = " ".join(target.span.text.split())
            every = [output for output in members.values() if isinstance(output, Declared)]
            return [output for output in every if written in (output.name, name.text)]
        case _:
            return []


def _answer(draft: TaskDraft, statement: syntax.Say, output: Declared) -> PromptTemplate:
    environment = _answering(draft, output)
    body, name, span = statement.body, output.name, statement.span
    if isinstance(body, syntax.Template):
        return PromptTemplate(name, arms_of(environment, body), span)
    if isinstance(body, syntax.RightTexts):
        return PromptTemplate(name, _texts(environment, body, truth(True), output), span, any=True)
    assert output.domain is not None
    found = cases(environment, body.arms, output.domain, statement.output, code="CS310")
    if found is None:
        return PromptTemplate(name, (), span)
    if not any(isinstance(arm.result, syntax.RightTexts) for arm in body.arms):
        return PromptTemplate(name, conditioned(environment, output.value, found), span)
    arms: list[TemplateArm] = []
    for case in found:
        here = within(output.value, case.taken)
        if isinstance(case.arm.result, syntax.RightTexts):
            arms += _texts(environment, case.arm.result, here, output)
        else:
            arms.append(TemplateArm(_open(here), _arm_parts(environment, case.arm)))
    return PromptTemplate(name, tuple(arms), span, any=True)


def _answering(draft: TaskDraft, output: Declared) -> Environment:
    """What the texts of an answer read: the answer. With inputs in reach one answer would be said
    differently from input to input, and under a swap nobody could tell whose input is meant.
    """
    family = family_of(output.name)
    reason = f"is not the answer: what is said depends on `{family}` alone"
    hidden: dict[str, Binding] = dict.fromkeys(draft.given.bindings, Hidden(reason))
    scope = Scope(hidden, draft.environment.scope, draft.given.spans)
    bare = replace(draft.environment, scope=scope)
    return bare.inner(draft.results.spans[family], output.value)


def _texts(
    environment: Environment, written: syntax.RightTexts, here: Value, output: Declared
) -> tuple[TemplateArm, ...]:
    """The texts that are right where `here` holds, each under its own condition."""
    compilation = environment.compilation
    assert output.domain is not None
    if written.index is None or written.values is None:
        rounds = [environment]
    else:
        values = domain_of(environment, written.values)
        if values is None:
            return ()
        if values.size * output.domain.size > MOST_TEXTS:
            compilation.error(
                "CS924",
                f"`{output.name}` would have more than {MOST_TEXTS:_} right texts",
                written.values.span,
                help="loop over fewer values, or give the output a narrower type",
            )
            return ()
        rounds = [
            environment.inner(written.index, Value(Constant(code), values))
            for code in values.codes()
        ]
    arms: list[TemplateArm] = []
    for inner in rounds:
        asked = truth(True)
        if written.condition is not None:
            asked = condition(inner, written.condition)
            if asked.domain is None:
                return ()
        right = conjunction([here, asked])
        for template in written.texts:
            parts = parts_of_template(inner, template)
            if right.constant != 0:
                arms.append(TemplateArm(_open(right), parts))
    return tuple(arms)


def _open(here: Value) -> Expression | None:
    """A condition that an arm has to test."""
    return here.node if here.constant is None else None
