"""Alignments: where in a network each variable might live, and what is put there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from causalspec.compiler.entries import ArgumentKind, SiteEntry, WriteEntry
from causalspec.compiler.front.examples import code_in, target_variable
from causalspec.compiler.front.instances import model_of
from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import Compilation, declared_at, duplicate
from causalspec.compiler.front.scopes import Declared, Environment
from causalspec.compiler.front.sites import placed_site, tokens_of
from causalspec.compiler.front.splits import data_split
from causalspec.compiler.front.vocabulary_rows import (
    Written,
    argument_value,
    matched,
    method_of,
    row_of,
)
from causalspec.compiler.model import Role
from causalspec.compiler.placement import Alignment, PlacedSite, Placement, Write
from causalspec.compiler.specification import SlotValue, Task
from causalspec.dsl import syntax


def compile_alignment(
    compilation: Compilation, declaration: syntax.AlignDeclaration
) -> Alignment | None:
    """An `align` declaration, None when its model is missing."""
    draft = model_of(compilation, declaration.model)
    if draft is None:
        return None
    task = compilation.tasks.get(draft.task.name)
    if compilation.unread.is_inside(draft.task.declaration):
        task = None  # A prompt that could not be read may hold what seems to be missing.
    placements: list[Placement] = []
    placed: dict[str, syntax.Expression] = {}
    for number, statement in enumerate(declaration.body):
        sites = _sites(compilation, statement, task)
        tokens = None
        if sites is not None:
            entries = [entry for entry, _ in sites]
            tokens = tokens_of(_shown(compilation, draft), statement, entries, task)
        _note_slots(compilation, statement, draft)
        method = method_of(compilation, statement.method)
        variables = _variables(compilation, statement, draft, placed)
        writes = writes_of(compilation, statement.write, variables, draft)
        if sites is None or tokens is None or method is None or writes is None:
            continue
        (_, site), receiver = sites[0], sites[1][1] if len(sites) == 2 else None
        for variable, write in zip(variables, writes, strict=True):
            placement = Placement(
                variable.name, number, site, receiver, tokens, statement.together is not None,
                method, write, statement.span,
            )  # fmt: skip
            placements.append(placement)
    name = declaration.name
    if not declaration.body and not compilation.unread.is_inside(declaration):
        advice = "add `var v at residual layers 0..* token last by das(dim = 16)`"
        compilation.wrong("CS704", name, "places no variable", help=advice)
    return Alignment(name.text, draft.model, tuple(placements), name.span)


def _variables(
    compilation: Compilation,
    statement: syntax.Placement,
    draft: ModelDraft,
    placed: dict[str, syntax.Expression],
) -> list[Declared]:
    """The variables that a statement places, each placed only here; wrong ones are reported."""
    found: list[Declared] = []
    for written in statement.variables:
        variable = target_variable(draft.environment, written, draft.variables)
        if variable is None:
            continue
        name = variable.name
        if variable.role is not Role.VARIABLE:
            message = f"`{name}` is not a `var` of `{draft.name}`: only variables are aligned"
            where = declared_at(variable.span)
            compilation.error("CS704", message, written.span, related=where)
        elif name in placed:
            duplicate(compilation, syntax.Name(name, span=written.span), placed[name].span)
        else:
            placed[name] = written
            found.append(variable)
    return found


def _shown(compilation: Compilation, draft: ModelDraft) -> Environment:
    """The task's names as they are read here. An imported task's are read in its own file; what is
    found and what they mean is noted for this one.
    """
    return replace(draft.task.environment, compilation=compilation)


def _note_slots(
    compilation: Compilation,
    statement: syntax.Placement,
    draft: ModelDraft,
) -> None:
    """Note what the slots of tokens mean: a name that a prompt gives one, or what it shows."""
    prompts = compilation.tasks[draft.task.name].prompts.values()
    parts = [part for prompt in prompts for arm in prompt.arms for part in arm.parts]
    named = {slot.name: slot.span for slot in reversed(parts) if isinstance(slot, SlotValue)}
    shown = _shown(compilation, draft)
    # A loop's slots are called "item[0]", "item[1]" and so on; an index may be computed.
    named = {name.partition("[")[0]: span for name, span in named.items() if name} | named
    for token in statement.tokens:
        written = token.argument
        name = written.family if isinstance(written, syntax.Member) else written
        if isinstance(name, syntax.Name) and named.get(name.text):
            compilation.meanings.note(name.span, named[name.text])
        if written is not None:
            shown.note_names(written)


def _sites(
    compilation: Compilation, statement: syntax.Placement, task: Task | None
) -> list[tuple[SiteEntry, PlacedSite]] | None:
    """The site, and where an edge from it leads; None with the reason reported."""
    written = [statement.site, *([] if statement.receiver is None else [statement.receiver])]
    places = [placed_site(compilation, site, task) for site in written]
    found = [place for place in places if place is not None]
    if len(found) < len(places):
        return None
    if statement.receiver is None:
        return found
    (sender, start), (receiver, end) = found
    wrong = _wrong_edge(sender, start, receiver, end)
    if wrong is not None:
        message = f"nothing flows from `{start.text}` to `{end.text}`: {wrong}"
        advice = "an edge leads from a site to one that is computed later"
        return compilation.error("CS729", message, statement.receiver.span, help=advice)
    return found


def _wrong_edge(
    sender: SiteEntry, start: PlacedSite, receiver: SiteEntry, end: PlacedSite
) -> str | None:
    """Why no pair of an edge's sites is one; None where some may be."""
    if sender.by_path or receiver.by_path:
        return None  # Which module is computed when, only the network tells.
    if sender.tokens != receiver.tokens:
        return "no network has both"
    if receiver.stage == 0:
        return "it is computed first"
    if not start.is_layered or end.last_layer is None:
        return None
    assert start.first_layer is not None
    if end.last_layer < start.first_layer:
        return f"layer {end.last_layer} is computed before layer {start.first_layer}"
    if end.last_layer > start.first_layer:
        return None
    if sender.name == receiver.name and sender.stage is None:
        return "it is the same place"
    if sender.stage is not None and receiver.stage is not None and receiver.stage <= sender.stage:
        return f"within a layer `{receiver.name}` is not computed after `{sender.name}`"
    return None


# Writes: what is put in a variable's place -------------------------------------------------------


INTERCHANGE = "interchange"


def writes_of(
    compilation: Compilation,
    written: syntax.Method | None,
    variables: Sequence[Declared],
    draft: ModelDraft,
) -> list[Write | None] | None:
    """What a statement writes for each of its variables, None for what a source's run has there.

    None for all of it with the reason reported: a value is one of each variable's own.
    """
    if written is None:
        return [None for _ in variables]
    entry = row_of(compilation, "write", written.name, lambda all_: all_.writes, code="CS732")
    if entry is None:
        return None
    given = matched(compilation, written.name, written.settings, entry.arguments, written.span)
    if given is None:
        return None
    if entry.name == INTERCHANGE:
        return [None for _ in variables]
    data: tuple[str, str] | None = None
    scale = 1.0
    for argument in entry.arguments:
        value = given.get(argument.name)
        if value is not None and argument.kind is ArgumentKind.DATA:
            data = data_split(
                compilation, value, draft,
                whose="the alignment is of", help=f"write `{entry.name}(Pairs.train)`",
            )  # fmt: skip
            if data is None:
                return None
        elif value is not None and argument.kind is ArgumentKind.NUMBER:
            number = argument_value(compilation, argument, value)
            if not isinstance(number, float):
                return None
            scale = number
    writes: list[Write | None] = []
    for variable in variables:
        codes = _codes(compilation, entry, given, variable, draft)
        if codes is None:
            return None
        writes.append(Write(entry.name, data, codes, scale))
    return writes


def _codes(
    compilation: Compilation,
    entry: WriteEntry,
    given: Mapping[str, Written],
    variable: Declared,
    draft: ModelDraft,
) -> tuple[int, ...] | None:
    """The values that a write names, as codes of one variable, None with the reason reported."""
    codes: list[int] = []
    for argument in entry.arguments:
        if argument.kind is not ArgumentKind.VALUE:
            continue
        value = given[argument.name]
        if isinstance(value, syntax.ElementSet):
            return compilation.wrong("CS209", value, "is not a constant")
        if variable.domain is None:
            return None
        code = code_in(draft.environment, value, variable.domain)
        if code is None:
            return None
        if code in codes:
            return compilation.error(
                "CS732",
                f"`{entry.name}` needs two values, not one twice",
                value.span,
                help="the first one's mean is added, the second one's taken off",
            )
        codes.append(code)
    return tuple(codes)
