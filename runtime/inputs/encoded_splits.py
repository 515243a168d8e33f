"""A claim's data as one network meets it: inputs presented, interchanges numbered, labelled.

Bases come first, then each source, data set after data set; an interchange names inputs by number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from causalspec.compiler import (
    Columns,
    CounterfactualDesign,
    InterchangePairs,
    SwapKind,
    Task,
    TokenPosition,
    solve_columns,
)
from causalspec.dsl.diagnostics import Diagnostic, SpecError
from causalspec.runtime.engine.interchanges import joined
from causalspec.runtime.engine.label_runs import LabelRuns
from causalspec.runtime.engine.right_answers import agreement
from causalspec.runtime.engine.subjects import Interchanges
from causalspec.runtime.inputs.task_network import Presentation, TaskNetwork
from causalspec.runtime.inputs.token_places import TokenChoice
from causalspec.runtime.inputs.tokens import shorten
from causalspec.runtime.untyped import from_array


@dataclass(frozen=True, eq=False)
class EncodedSplit:
    """A split of one data set: its pairs, and the same as interchanges of numbered inputs.

    In `rows` a base is followed by the beginning of the label, where that has several tokens;
    `own_bases` [rows] are the same bases followed by their own answers.
    """

    pairs: InterchangePairs
    rows: Interchanges
    own_bases: Tensor


@dataclass(frozen=True, eq=False)
class EncodedSplits:
    """Splits of some data sets as one network meets them, their inputs numbered in `presentation`.

    `settings` are the inputs as the compiler knows them, with the noise of each, `variables` the
    columns of the rows' origins.
    """

    presentation: Presentation
    settings: Columns = field(repr=False)
    variables: tuple[str, ...]
    splits: tuple[EncodedSplit, ...] = field(repr=False)

    @property
    def is_base(self) -> Tensor:
        """BoolTensor [inputs]: which inputs are run with edits: the bases of some row, and the
        sources that are intervened on.
        """
        flags = torch.zeros(self.presentation.count, dtype=torch.bool)
        forced = self.presentation.forced
        for split in self.splits:
            flags[split.own_bases] = True
            if forced is not None:
                others = forced[split.own_bases]
                flags[others[others >= 0]] = True
            part: Interchanges | None = split.rows
            while part is not None:
                flags[LabelRuns.of(part).runs.bases] = True
                part = part.inner
        return flags

    def answered(self, split: EncodedSplit, predictions: Tensor) -> Tensor:
        """BoolTensor [rows]: whether base and every source that is used are answered rightly.

        `predictions` is a LongTensor [inputs, answers]: the network's own outputs.
        """
        right = agreement(predictions, self.presentation.correct)
        return all_within(replace(split.rows, bases=split.own_bases), right)

    def values(self, variables: Sequence[str]) -> Tensor:
        """LongTensor [inputs, variables]: what each variable of the model is at each input, as its
        value's position in the domain.
        """
        model = self.splits[0].pairs.model
        solved = solve_columns(model, self.settings, wanted=list(variables))
        columns: list[Tensor] = []
        for name in variables:
            codes = model.by_name[name].domain.codes()
            column = (solved[name].astype(np.int64) - codes.start) // codes.step
            columns.append(from_array(column))
        return torch.stack(columns, dim=1)


def all_within(rows: Interchanges, inputs: Tensor) -> Tensor:
    """BoolTensor [rows]: whether base and every source that is used are among `inputs`, a
    BoolTensor [inputs].
    """
    # A variable left alone is taken from nowhere; its base stands in for the source.
    sources = torch.where(rows.origins >= 0, rows.origins, rows.bases[:, None])
    found = inputs[rows.bases] & inputs[sources].all(dim=1)
    if rows.inner is None or rows.inner_of is None:
        return found
    inside = all_within(rows.inner, inputs)
    return found & (inside[rows.inner_of.clamp(min=0)] | (rows.inner_of < 0)).all(1)


def lay_out(
    network: TaskNetwork,
    task: Task,
    pairs: Sequence[InterchangePairs],
    choices: Sequence[TokenChoice],
    prompt: str | None,
) -> EncodedSplits:
    """Present data sets of one model at once, so that one harvest serves them."""
    model = pairs[0].model
    variables = swapped_variables([split.design for split in pairs])
    runs = [run for split in pairs for run in (split.base, *split.sources)]
    settings = {name: np.concatenate([run[name] for run in runs]) for name in model.exogenous}
    shown = {name: settings[name] for name in model.inputs}
    presentation = network.present(task, shown, choices, prompt)
    splits: list[EncodedSplit] = []
    start = 0
    for split in pairs:
        rows = _interchanges(split, variables, start)
        labels = presentation.outputs(rows.bases, split.label)
        presentation, forced = presentation.forcing(rows.bases, labels)
        splits.append(EncodedSplit(split, rows.asking(forced, labels), rows.bases))
        start += len(split) * (1 + len(split.sources))
    for split in splits:
        _check_together(presentation, split.rows, choices)
    return EncodedSplits(presentation, settings, variables, tuple(splits))


def _check_together(
    presentation: Presentation, rows: Interchanges, choices: Sequence[TokenChoice]
) -> None:
    """Tokens that are taken together are swapped one by one: a base and its sources have as many.

    Raises `SpecError` for the first pair that has not.
    """
    bases = rows.bases[:, None].expand_as(rows.origins)
    used = rows.origins >= 0
    for choice in choices:
        for name in presentation.token_names[choice] if choice.together else ():
            counts = presentation.places[name]
            apart = used & (counts[bases] != counts[rows.origins])
            if not bool(apart.any()):
                continue
            row, column = (int(index) for index in apart.nonzero()[0])
            base, source = int(rows.bases[row]), int(rows.origins[row, column])
            [written] = choice.tokens
            end = written if isinstance(written, TokenPosition) else written.first
            assert end.span is not None
            told = (
                f"`{name}` is {int(counts[base])} tokens in `{shorten(presentation.text(base))}` "
                f"and {int(counts[source])} in its source `{shorten(presentation.text(source))}`"
            )
            advice = "keep pairs of one length, or place the variable at single tokens"
            raise SpecError([Diagnostic("CS625", told, end.span, advice)])
    if rows.inner is not None:
        _check_together(presentation, rows.inner, choices)


def swapped_variables(designs: Sequence[CounterfactualDesign]) -> tuple[str, ...]:
    """Every variable that some kind of swap takes from somewhere, sources' own swaps included."""
    found: dict[str, None] = {}
    for design in designs:
        for kind in design.kinds:
            for part in (kind, *(inner for _, inner in kind.within)):
                found |= dict.fromkeys(part.variables)
    return tuple(found)


def _interchanges(pairs: InterchangePairs, variables: tuple[str, ...], start: int) -> Interchanges:
    """The rows of pairs whose inputs are numbered from `start`: bases, then each source."""
    count = len(pairs)
    kinds = from_array(pairs.kinds.astype(np.int64))
    numbers = torch.arange(count)
    parts: list[Interchanges] = []
    order: list[Tensor] = []
    for number, kind in enumerate(pairs.design.kinds):
        chosen = numbers[kinds == number]
        if len(chosen):
            sources = {k: start + (1 + k) * count + chosen for k in range(len(pairs.sources))}
            parts.append(_of_kind(kind, variables, start + chosen, sources))
            order.append(chosen)
    return joined(parts).take(torch.cat(order).argsort())


def _of_kind(
    kind: SwapKind, variables: tuple[str, ...], bases: Tensor, sources: dict[int, Tensor]
) -> Interchanges:
    """Rows of one kind; a source that is itself intervened on has a row inside."""
    count = len(bases)
    origins = torch.full((count, len(variables)), -1)
    inner_of = torch.full_like(origins, -1)
    inner: list[Interchanges] = []
    for variable, source in zip(kind.variables, kind.sources, strict=True):
        column = variables.index(variable)
        origins[:, column] = sources[source]
        within = kind.within_source(source)
        if within is not None:
            inner_of[:, column] = len(inner) * count + torch.arange(count)
            inner.append(_of_kind(within, variables, sources[source], sources))
    labels = torch.zeros(count, 1, dtype=torch.long)
    if not inner:
        return Interchanges(bases, origins, labels)
    return Interchanges(bases, origins, labels, joined(inner), inner_of)
