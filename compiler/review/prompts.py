"""What changed in what a network reads and is to say, both texts shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from causalspec.compiler.data.blocks import every, product
from causalspec.compiler.data.populations import populate
from causalspec.compiler.data.prompts import answer_texts, render
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.samplers import RequirementUnmetError, Sampler
from causalspec.compiler.domains import Domain
from causalspec.compiler.evaluators.columns import Columns
from causalspec.compiler.evidence import Evidence, Exhaustive, Sampled, Witness
from causalspec.compiler.expressions import Constant
from causalspec.compiler.model import CausalModel
from causalspec.compiler.proofs.witnesses import smallest_witness
from causalspec.compiler.review.changes import Area, Change
from causalspec.compiler.review.joint_model import same_expression
from causalspec.compiler.specification import Encoding, PromptTemplate, SlotValue, Task
from causalspec.compiler.wording import setting_text

_SAMPLE = 4096
_MOST_ANSWERS = 100_000


def prompt_changes(old: Task, new: Task) -> Iterator[Change]:
    """Every change of a task's prompts, answers and encoding, in the old version's names."""
    where = old.name
    for name, one in old.prompts.items():
        if name in new.prompts:
            yield from _template_changes(where, (old, one), (new, new.prompts[name]))
        else:
            yield Change(Area.PROMPTS, where, f"the prompt `{name}` is gone")
    for name in new.prompts:
        if name not in old.prompts:
            yield Change(Area.PROMPTS, where, f"the prompt `{name}` is new")
    if next(iter(old.prompts), None) != next(iter(new.prompts), None) and old.prompts:
        first = next(iter(new.prompts), None)
        if first in old.prompts:
            yield Change(Area.PROMPTS, where, f"the prompt `{first}` comes first")
    yield from _answer_changes(old, new)
    if old.encoding != new.encoding:
        was, now = _encoding(old.encoding), _encoding(new.encoding)
        text = f"encodes {now}, encoded {was}"
        yield Change(Area.PROMPTS, where, text)


def same_template(
    old: PromptTemplate, new: PromptTemplate, *, over_same_values: bool = True
) -> bool:
    """Whether two templates are written alike, over inputs of the same names."""
    if len(old.arms) != len(new.arms):
        return False
    for one, other in zip(old.arms, new.arms, strict=True):
        if len(one.parts) != len(other.parts):
            return False
        conditions = [arm.condition or Constant(1) for arm in (one, other)]
        if not same_expression(conditions[0], conditions[1], str.__eq__):
            return False
        for part, another in zip(one.parts, other.parts, strict=True):
            if not _same_part(part, another, over_same_values=over_same_values):
                return False
    return True


def _same_part(one: str | SlotValue, other: str | SlotValue, *, over_same_values: bool) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    if (one.name, one.format) != (other.name, other.format):
        return False
    if over_same_values and one.domain != other.domain:
        return False
    return same_expression(one.value, other.value, str.__eq__)


def _template_changes(
    where: str, old: tuple[Task, PromptTemplate], new: tuple[Task, PromptTemplate]
) -> Iterator[Change]:
    (task, one), (other_task, other) = old, new
    for name in one.slots:
        if name not in other.slots:
            yield Change(Area.PROMPTS, where, f"`{one.name}` has no slot `{name}` any more")
    for name in other.slots:
        if name not in one.slots:
            yield Change(Area.PROMPTS, where, f"`{one.name}` has a slot `{name}`")
    if same_template(one, other) and task.model.inputs == other_task.model.inputs:
        return
    rows, evidence = _rows(task.model, other_task.model, one.name)
    if rows is None:
        yield Change(Area.UNDECIDED, where, f"whether `{one.name}` reads otherwise")
        return
    before = render(one, task.model, rows[0]).texts
    after = render(other, other_task.model, rows[1]).texts
    differ = [row for row, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
    if differ:
        row = differ[0]
        setting = {name: int(column[row]) for name, column in rows[0].items()}
        place = setting_text(task.model, setting, task.model.inputs, 60)
        text = f"`{one.name}` reads otherwise" + (f" at `{place}`" if place else "")
        yield Change(Area.PROMPTS, where, text, tuple(_both(before[row], after[row])))
    elif isinstance(evidence, Sampled) and not same_template(one, other, over_same_values=False):
        text = f"`{one.name}` is written otherwise: {evidence.text}"
        yield Change(Area.UNDECIDED, where, text)


def _both(before: str, after: str) -> Iterator[str]:
    yield from (f"- {line}" for line in before.splitlines() or [""])
    yield from (f"+ {line}" for line in after.splitlines() or [""])


def _rows(
    old: CausalModel, new: CausalModel, seed: str
) -> tuple[tuple[Columns, Columns] | None, Evidence]:
    """Inputs that both versions have, in each version's codes: the smallest one, then all of them
    or a sample.
    """
    columns, evidence = _inputs(old, seed)
    if columns is None:
        return None, evidence
    if all(
        name in old.by_name and old.by_name[name].domain == new.by_name[name].domain
        for name in new.exogenous
    ):
        return (columns, columns), evidence
    recoded: dict[str, Columns] = {"old": dict(columns), "new": {}}
    kept = np.ones(len(next(iter(columns.values()), ())), dtype=np.bool_)
    for name in new.exogenous:
        if name not in columns:
            return None, evidence
        domains = old.by_name[name].domain, new.by_name[name].domain
        codes, has_one = _recoded(columns[name].tolist(), domains)
        recoded["new"] = {**recoded["new"], name: codes}
        kept &= has_one
    if not kept.any():
        return None, evidence
    sides = [{name: c[kept] for name, c in recoded[side].items()} for side in ("old", "new")]
    return (sides[0], sides[1]), Sampled(int(kept.sum()), 0)


def _recoded(
    codes: Sequence[int], domains: tuple[Domain, Domain]
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Codes of the same values in the second domain, and which of them it has."""
    known: dict[str, int] = {}
    if domains[1].size <= _MOST_ANSWERS:
        known = {domains[1].text(code): code for code in domains[1].codes()}
    found = [known.get(domains[0].text(code)) for code in codes]
    has_one = np.array([code is not None for code in found], dtype=np.bool_)
    first = domains[1].codes()[0]
    return np.array([first if code is None else code for code in found], np.int64), has_one


def _inputs(model: CausalModel, seed: str) -> tuple[Columns | None, Evidence]:
    population = populate(model, {})
    if population.is_empty:
        return None, Exhaustive(0)
    count = 1
    for block in population.blocks:
        count *= block.settings
    try:
        if count <= _SAMPLE and population.is_listed:
            return product([every(block) for block in population.blocks]), Exhaustive(count)
        drawn = Sampler(population, Stream.of(0, "review", seed)).take(_SAMPLE)
    except RequirementUnmetError:
        return None, Exhaustive(0)
    first = smallest_witness(model, Constant(1))
    if isinstance(first, Witness):
        drawn = {
            name: np.concatenate([np.array([first.setting[name]], column.dtype), column])
            for name, column in drawn.items()
        }
    return drawn, Sampled(_SAMPLE, 0)


# Answers and encodings ----------------------------------------------------------------------------


def _answer_changes(old: Task, new: Task) -> Iterator[Change]:
    for name in old.model.outputs:
        if name not in new.model.by_name or not (name in old.answers or name in new.answers):
            continue
        templates = old.answers.get(name), new.answers.get(name)
        domains = old.model.by_name[name].domain, new.model.by_name[name].domain
        is_same = domains[0] == domains[1] and (
            None not in templates and same_template(*templates)  # type: ignore[arg-type]
        )
        if is_same:
            continue
        if max(domain.size for domain in domains) > _MOST_ANSWERS:
            yield Change(
                Area.UNDECIDED, old.name, f"what is said for `{name}` is written otherwise"
            )
            continue
        before, after = _said(old, name), _said(new, name)
        for value, text in before.items():
            if value in after and after[value] != text:
                told = f"for `{name} = {value}` is to say “{after[value]}”, was “{text}”"
                yield Change(Area.PROMPTS, old.name, told)
                break


def _said(task: Task, output: str) -> Mapping[str, str]:
    domain = task.model.by_name[output].domain
    texts = answer_texts(task, output, np.array(domain.codes()))
    return {domain.text(code): text for code, text in zip(domain.codes(), texts, strict=True)}


def _encoding(encoding: Encoding | None) -> str:
    if encoding is None:
        return "nothing"
    parts = (
        f"{one.input} as {one.coding}" + (f"(dim = {one.dimension})" if one.dimension else "")
        for one in encoding.groups
    )
    return f"`{', '.join(parts)}`"
