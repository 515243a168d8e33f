"""Prompts and the texts of answers: how a task's rows reach a network that reads."""

from __future__ import annotations

import re
from dataclasses import replace

from causalspec.compiler.domains import Domain, Numbers, Truths, Tuples
from causalspec.compiler.expressions import Constant, Expression
from causalspec.compiler.front.arithmetic import conjunction, truth
from causalspec.compiler.front.elaborate import condition, elaborate
from causalspec.compiler.front.matching import Case, cases
from causalspec.compiler.front.names import Compilation, distinct, of_kind
from causalspec.compiler.front.patterns import around, within
from causalspec.compiler.front.scopes import Binding, Declared, Environment, Family, Hidden, Scope
from causalspec.compiler.front.tasks import TaskDraft
from causalspec.compiler.front.types import domain_of
from causalspec.compiler.front.values import Value, described
from causalspec.compiler.model import family_of
from causalspec.compiler.specification import PromptTemplate, SlotValue, TemplateArm
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related
from causalspec.dsl.source import Span

MOST_TEXTS = 1 << 20
"""So many texts may be right, over all values of an output."""

FORMAT = re.compile(r"(?P<width>0?[1-9][0-9]?)?(?:\.(?P<decimals>[0-9]{1,2})f|d)?")


def prompts_of(compilation: Compilation, draft: TaskDraft) -> dict[str, PromptTemplate]:
    """A task's prompts by name."""
    prompts = of_kind(draft.declaration.body, syntax.Prompt)
    names = distinct(compilation, (prompt.name for prompt in prompts))
    return {
        name.text: PromptTemplate(name.text, _arms(draft.environment, prompt.body), name.span)
        for prompt in prompts
        if names[(name := prompt.name).text] is name
    }


def _arms(
    environment: Environment, body: syntax.Template | syntax.TemplateMatch
) -> tuple[TemplateArm, ...]:
    if isinstance(body, syntax.Template):
        return (TemplateArm(None, _parts(environment, body)),)
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
    return _conditioned(environment, subject, found)


def _conditioned(
    environment: Environment, subject: Value, found: list[Case]
) -> tuple[TemplateArm, ...]:
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
            return _parts(environment, arm.result)
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


def _parts(environment: Environment, template: syntax.Template) -> tuple[str | SlotValue, ...]:
    compilation = environment.compilation
    parts: list[str | SlotValue] = []
    slots: dict[str, syntax.Slot] = {}
    for part in template.parts:
        if isinstance(part, syntax.Verbatim):
            parts.append(part.text)
            continue
        value = elaborate(environment, part.value)
        name = part.alias.text if part.alias is not None else " ".join(part.value.span.text.split())
        alias = None if part.alias is None else part.alias.span
        first = slots.setdefault(name, part)
        if first is not part:
            compilation.error(
                "CS601",
                f"this prompt has two slots called `{name}`",
                alias or part.value.span,
                help=f"name one of them, as in `{{{part.value.span.text} as {_fresh(name)}}}`",
                related=(Related(first.span, "the first one"),),
            )
        elif value.domain is None:
            # It stands for the slot, so that whoever asks for the slot by name stays silent.
            parts.append(SlotValue(name, value.node, Truths(), span=alias))
        elif isinstance(value.domain, Tuples):
            says = "is a tuple, which a prompt cannot show"
            compilation.wrong("CS205", part.value, says, help="show its fields")
        elif part.format is None or _check_format(compilation, part, value.domain):
            parts.append(SlotValue(name, value.node, value.domain, part.format, alias))
    return tuple(parts)


def _fresh(name: str) -> str:
    letters = re.sub(r"\W+", "_", name).strip("_")
    return f"{letters}2"


def _check_format(compilation: Compilation, slot: syntax.Slot, domain: Domain) -> bool:
    """A format must exist, fit the values, and never round: two values would look the same."""
    assert slot.format is not None
    found = FORMAT.fullmatch(slot.format)
    problem = help_text = None
    if found is None or not slot.format:
        problem = f"unknown format `{slot.format}`"
        help_text = "formats are a number of decimals, `.2f`, and a width, `4` or `04`"
        written, named, name = slot.format.partition(" as ")
        if named:
            shown = f"{{{slot.value.span.text} as {name.strip()}:{written.strip()}}}"
            help_text = f"a slot's name stands before its format: `{shown}`"
    elif not isinstance(domain, Numbers):
        if found["decimals"] is not None or slot.format.endswith("d") or slot.format[0] == "0":
            problem = f"the format `{slot.format}` is for numbers, not for {described(domain)}"
    else:
        decimals = int(found["decimals"] or 0)
        rounds = any(code * 10**decimals % domain.denominator for code in (domain.low, domain.step))
        if (found["decimals"] is not None or slot.format.endswith("d")) and rounds:
            problem = f"the format `{slot.format}` would round {described(domain)}"
            help_text = "show as many decimals as the values have"
    if problem is not None:
        compilation.error("CS602", problem, slot.span, help=help_text)
    return problem is None


def answers_of(compilation: Compilation, draft: TaskDraft) -> dict[str, PromptTemplate]:
    """The text of every output: its `say`, or the value's own text where there is none."""
    found: dict[str, PromptTemplate] = {}
    said: dict[str, Span] = {}
    for statement in of_kind(draft.declaration.body, syntax.Say):
        for output in _said_outputs(compilation, draft, statement):
            place = statement.output.span
            if output.name in said:
                where = Related(said[output.name], "first said here")
                compilation.repeated(f"`{output.name}` is said twice", place, where)
                continue
            said[output.name] = place
            if output.domain is not None:
                found[output.name] = _answer(draft, statement, output)
            if output.name in found and found[output.name].any and len(draft.results.members) > 1:
                others = [other.name for other in draft.results.members if other is not output]
                compilation.error(
                    "CS641",
                    f"several texts are right for `{output.name}`, but a network also has to say "
                    f"`{others[0]}`",
                    statement.body.span,
                    help="let the task have one output, or say one text for each value",
                )
    for output in draft.results.members:
        if output.name not in said and output.domain is not None:
            default = SlotValue(output.name, output.value.node, output.domain)
            arms = (TemplateArm(None, (default,)),)
            found[output.name] = PromptTemplate(output.name, arms, output.span)
    order = [output.name for output in draft.results.members]
    return {name: found[name] for name in order if name in found}


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
        return PromptTemplate(name, _arms(environment, body), span)
    if isinstance(body, syntax.RightTexts):
        return PromptTemplate(name, _texts(environment, body, truth(True), output), span, any=True)
    assert output.domain is not None
    found = cases(environment, body.arms, output.domain, statement.output, code="CS310")
    if found is None:
        return PromptTemplate(name, (), span)
    if not any(isinstance(arm.result, syntax.RightTexts) for arm in body.arms):
        return PromptTemplate(name, _conditioned(environment, output.value, found), span)
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
            parts = _parts(inner, template)
            if right.constant != 0:
                arms.append(TemplateArm(_open(right), parts))
    return tuple(arms)


def _open(here: Value) -> Expression | None:
    """A condition that an arm has to test."""
    return here.node if here.constant is None else None
