"""Prompts, the texts of answers, and encodings: how a task's rows reach a network."""

from __future__ import annotations

import re

from causalspec.compiler.domains import Domain, Numbers, Symbols, Truths, Tuples
from causalspec.compiler.entries import Argument, ArgumentKind
from causalspec.compiler.front.elaborate import elaborate
from causalspec.compiler.front.matching import Case, cases
from causalspec.compiler.front.names import Compilation, distinct, of_kind
from causalspec.compiler.front.patterns import around, within
from causalspec.compiler.front.scopes import Declared, Environment, Family
from causalspec.compiler.front.tasks import TaskDraft
from causalspec.compiler.front.values import Value, described
from causalspec.compiler.front.vocabulary_rows import argument_value, matched
from causalspec.compiler.model import Role, family_of
from causalspec.compiler.specification import (
    EncodedInput,
    Encoding,
    PromptTemplate,
    SlotValue,
    TemplateArm,
)
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related
from causalspec.dsl.source import Span

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
    name = draft.results.spans[family_of(output.name)]
    inner = draft.environment.inner(name, output.value)
    if isinstance(statement.body, syntax.Template):
        arms = _arms(inner, statement.body)
        return PromptTemplate(output.name, arms, statement.span)
    assert output.domain is not None
    found = cases(inner, statement.body.arms, output.domain, statement.output, code="CS310")
    arms = () if found is None else _conditioned(inner, output.value, found)
    return PromptTemplate(output.name, arms, statement.span)


# Encodings: how inputs become vectors, for networks that read no text ----------------------------


CODINGS = ("symbol", "onehot", "scalar")
DIMENSION = Argument("dim", ArgumentKind.INTEGER, "how long each value's vector is", required=True)
LARGEST_DIMENSION = 65_536


def encoding_of(compilation: Compilation, draft: TaskDraft) -> Encoding | None:
    """How a task's inputs become vectors, None where it only renders text."""
    statements = of_kind(draft.declaration.body, syntax.Encode)
    if not statements:
        return None
    statement, *others = statements
    for later in others:
        where = Related(statement.form.span, "first encoded here")
        compilation.repeated(f"task `{draft.name}` is encoded twice", later.form.span, where)
    if statement.form.text != "vector":
        compilation.unknown("encoding", statement.form, ("vector",))
    else:
        compilation.meanings.note(statement.form.span, "encoding")
    groups: list[EncodedInput] = []
    seen: dict[str, Span] = {}
    for group in statement.groups:
        for written in group.inputs:
            for variable in _encoded_inputs(compilation, draft, written):
                name = variable.name
                if name in seen:
                    where = Related(seen[name], "first encoded here")
                    compilation.repeated(f"`{name}` is encoded twice", written.span, where)
                seen[name] = written.span
                dimension = _dimension(compilation, group.coding, variable)
                if dimension is not None:
                    groups.append(EncodedInput(name, group.coding.function.text, dimension))
    return Encoding(tuple(groups))


def _encoded_inputs(
    compilation: Compilation, draft: TaskDraft, written: syntax.Expression
) -> list[Declared]:
    text = " ".join(written.span.text.split())
    draft.environment.note_names(written)
    inputs = draft.given.of(Role.INPUT)
    found = [variable for variable in inputs if text in (variable.name, family_of(variable.name))]
    if not found and text not in draft.given.bindings:
        name = syntax.Name(text, span=written.span)
        compilation.unknown("input", name, [variable.name for variable in inputs])
    elif not found and isinstance(draft.given.bindings.get(text), Declared):
        compilation.error("CS202", f"`{text}` is an abbreviation, not an input", written.span)
    return found


def _dimension(compilation: Compilation, coding: syntax.Call, variable: Declared) -> int | None:
    name, domain = coding.function.text, variable.domain
    if name not in CODINGS:
        return compilation.unknown("coding", coding.function, CODINGS)
    compilation.meanings.note(coding.function.span, "coding")
    if domain is None:
        return None
    if name == "symbol":
        given = matched(compilation, coding.function, coding.arguments, (DIMENSION,), coding.span)
        dimension = given and argument_value(compilation, DIMENSION, given["dim"])
        return dimension if isinstance(dimension, int) else None
    if coding.arguments:
        return compilation.error("CS207", f"`{name}` takes no arguments", coding.span)
    if name == "scalar" and isinstance(domain, Symbols | Tuples):
        return compilation.error(
            "CS205",
            f"`scalar` is a coding of numbers, but `{variable.name}` is {described(domain)}",
            coding.span,
            help="use `symbol(dim = …)` or `onehot`",
        )
    if name == "onehot" and domain.size > LARGEST_DIMENSION:
        message = f"`{variable.name}` has more than {LARGEST_DIMENSION} values for `onehot`"
        return compilation.error("CS924", message, coding.span, help="use `symbol(dim = …)`")
    return 1 if name == "scalar" else domain.size
