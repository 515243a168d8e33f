"""What changed in what a network reads and is to say, both texts shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

import numpy as np

from causalspec.compiler.data.prompts import render, right_texts
from causalspec.compiler.evaluators.columns import Columns
from causalspec.compiler.evaluators.vectorize import solve_columns
from causalspec.compiler.evidence import Exhaustive, Sampled, Witness
from causalspec.compiler.expressions import Constant
from causalspec.compiler.model import CausalModel
from causalspec.compiler.proofs.some_inputs import some_inputs
from causalspec.compiler.proofs.witnesses import smallest_witness
from causalspec.compiler.review.changes import Area, Change, gone_and_new, told_otherwise
from causalspec.compiler.review.mechanisms import NEW, OLD, UnmatchedError, joint_model
from causalspec.compiler.review.structure import Structures
from causalspec.compiler.specification import Encoding, PromptTemplate, SlotValue, Task
from causalspec.compiler.wording import setting_text

_SAMPLE = 4096
_MOST_ANSWERS = 100_000
"""Values of a domain that are written out one by one."""

_MOST_SHOWN = 3
"""Right texts of one value that are told."""


def prompt_changes(old: Task, new: Task) -> Iterator[Change]:
    """Every change of a task's prompts, answers and encoding."""
    where, area = old.name, Area.PROMPTS
    gone, fresh = "the prompt `{0}` is gone", "the prompt `{0}` is new"
    known = {
        name: was
        for name, template in new.prompts.items()
        for was, other in old.prompts.items()
        if was not in new.prompts and _same_template(other, template)
    }
    yield from gone_and_new(
        area, where, old.prompts, new.prompts, gone=gone, fresh=fresh, was=known
    )
    for name, template in old.prompts.items():
        if name in new.prompts:
            yield from _template_changes((old, template), (new, new.prompts[name]))
    first = [next(iter(task_of_version.prompts), None) for task_of_version in (old, new)]
    if first[0] != first[1] and first[1] in old.prompts:
        yield Change(area, where, f"the prompt `{first[1]}` comes first")
    yield from _answer_changes(old, new)
    encodings = _encoding(new.encoding), _encoding(old.encoding)
    yield from told_otherwise(area, where, [("encodes", "encoded", *encodings)])


def _template_changes(
    old: tuple[Task, PromptTemplate], new: tuple[Task, PromptTemplate]
) -> Iterator[Change]:
    (task, template), (other_task, other) = old, new
    where = task.name
    gone = f"`{template.name}` has no slot `{{0}}` any more"
    slots = (dict.fromkeys(template.slots, "") for template in (template, other))
    fresh = f"`{template.name}` has a slot `{{0}}`"
    yield from gone_and_new(Area.PROMPTS, where, *slots, gone=gone, fresh=fresh)
    turns = (f"`{other.name}` is", "was", _turns(other), _turns(template))
    yield from told_otherwise(Area.PROMPTS, where, [turns])
    if _same_template(template, other) and task.model.inputs == other_task.model.inputs:
        return
    found = _rows(task.model, other_task.model, template.name)
    if found is None:
        yield Change(Area.UNDECIDED, where, f"whether `{template.name}` reads otherwise")
        return
    rows, others, evidence = found
    before = render(template, task.model, rows).texts
    after = render(other, other_task.model, others).texts
    differ = [row for row, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
    if differ:
        row = differ[0]
        setting = {name: int(column[row]) for name, column in rows.items()}
        place = setting_text(task.model, setting, task.model.inputs, 60)
        text = f"`{template.name}` reads otherwise" + (f" at `{place}`" if place else "")
        both = (("- ", before[row]), ("+ ", after[row]))
        details = (f"{mark}{line}" for mark, said in both for line in said.splitlines() or [""])
        yield Change(Area.PROMPTS, where, text, tuple(details))
    elif isinstance(evidence, Sampled) and not _same_template(
        template, other, whatever_values=True
    ):
        text = f"`{template.name}` is written otherwise: {evidence.text}"
        yield Change(Area.UNDECIDED, where, text)


def _same_template(
    old: PromptTemplate, new: PromptTemplate, *, whatever_values: bool = False
) -> bool:
    """Whether two templates are written alike, over inputs of the same names."""
    structures = Structures()

    def written(part: str | SlotValue) -> object:
        if isinstance(part, str):
            return part
        domain = None if whatever_values else part.domain
        return part.name, part.format, domain, structures.number(part.value)

    first, second = (
        [
            (structures.number(arm.condition or Constant(1)), *map(written, arm.parts))
            for arm in template.arms
        ]
        for template in (old, new)
    )
    return first == second and old.any == new.any and _turns(old) == _turns(new)


def _turns(template: PromptTemplate) -> str:
    roles = (f"`{turn.role}`" for turn in template.turns)
    return f"a chat of {', '.join(roles)}" if template.turns else "a text"


def _rows(
    old: CausalModel, new: CausalModel, seed: str
) -> tuple[Columns, Columns, Exhaustive | Sampled] | None:
    """Inputs that both versions have, in each version's codes: the smallest one, then all of them
    or a sample.
    """
    given = [name for name in old.exogenous if name in new.exogenous]
    if len(given) < len(new.exogenous):
        return None
    try:
        joint = joint_model(old, new, given)
    except UnmatchedError:
        return None
    found = some_inputs(joint, _SAMPLE, "review", seed)
    if found is None:
        return None
    columns, evidence = found
    smallest = smallest_witness(joint, Constant(1))
    if isinstance(evidence, Sampled) and isinstance(smallest, Witness):
        columns = {
            name: np.concatenate([np.array([smallest.setting[name]], column.dtype), column])
            for name, column in columns.items()
        }
    before, after = (
        {name: f"{mark}{name}" for name in model.exogenous}
        for mark, model in ((OLD, old), (NEW, new))
    )
    solved = solve_columns(joint, columns, wanted=[*before.values(), *after.values()])
    rows, others = (
        {name: solved[marked] for name, marked in side.items()} for side in (before, after)
    )
    return rows, others, evidence


# Answers and encodings ----------------------------------------------------------------------------


def _answer_changes(old: Task, new: Task) -> Iterator[Change]:
    yield from _said_otherwise(old, new, {*old.answers, *new.answers}, "")
    for prompt in dict.fromkeys((*old.own_answers, *new.own_answers)):
        if prompt in old.prompts and prompt in new.prompts:
            own = {*old.own_answers.get(prompt, ()), *new.own_answers.get(prompt, ())}
            asked = old.asked_by(prompt), new.asked_by(prompt)
            yield from _said_otherwise(*asked, own, f" in `{prompt}`")


def _said_otherwise(old: Task, new: Task, outputs: Set[str], where: str) -> Iterator[Change]:
    for name in old.model.outputs:
        if name not in new.model.by_name or name not in outputs:
            continue
        was, now = old.answers.get(name), new.answers.get(name)
        domains = [task_of_version.model.by_name[name].domain for task_of_version in (old, new)]
        if was and now and domains[0] == domains[1] and _same_template(was, now):
            continue
        if max(domain.size for domain in domains) > _MOST_ANSWERS:
            text = f"what is said for `{name}`{where} is written otherwise"
            yield Change(Area.UNDECIDED, old.name, text)
            continue
        before, after = _said(old, name), _said(new, name)
        for value, right in before.items():
            if after.get(value, right) != right:
                told = (
                    f"for `{name} = {value}`{where} is to say {_shown(after[value])}, "
                    f"was {_shown(right)}"
                )
                yield Change(Area.PROMPTS, old.name, told)
                break


def _said(task: Task, output: str) -> Mapping[str, tuple[str, ...]]:
    domain = task.model.by_name[output].domain
    texts = right_texts(task, output, np.array(domain.codes()))
    return {domain.text(code): right for code, right in zip(domain.codes(), texts, strict=True)}


def _shown(right: tuple[str, ...]) -> str:
    """Right texts, the first few."""
    shown = " or ".join(f"“{text}”" for text in right[:_MOST_SHOWN])
    return shown if len(right) <= _MOST_SHOWN else f"{shown} or {len(right) - _MOST_SHOWN} more"


def _encoding(encoding: Encoding | None) -> str:
    if encoding is None:
        return "nothing"
    parts = (
        f"{group.input} as {group.coding}"
        + (f"(dim = {group.dimension})" if group.dimension else "")
        for group in encoding.groups
    )
    return f"`{', '.join(parts)}`"
