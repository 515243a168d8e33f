"""A claim's data as one network meets it: inputs presented, interchanges numbered, labelled.

Bases come first, then each source, split after split; an interchange names inputs by number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from causalspec.compiler.data.counterfactuals import InterchangePairs
from causalspec.compiler.evaluators.columns import Columns
from causalspec.compiler.specification import Task, TokenPosition, TokenRange
from causalspec.runtime.engine.subjects import Interchanges
from causalspec.runtime.inputs.task_network import Presentation, TaskNetwork
from causalspec.runtime.untyped import from_array


@dataclass(frozen=True, eq=False)
class Trial:
    """The splits of one design before one network.

    `rows[k]` are the interchanges of `pairs[k]`, with inputs numbered in `presentation`; their
    columns of origins are the model's `variables`.
    """

    presentation: Presentation
    variables: tuple[str, ...]
    pairs: tuple[InterchangePairs, ...] = field(repr=False)
    rows: tuple[Interchanges, ...] = field(repr=False)

    @property
    def is_base(self) -> Tensor:
        """BoolTensor [inputs]: which inputs are the base of some row."""
        flags = torch.zeros(self.presentation.count, dtype=torch.bool)
        for one in self.rows:
            flags[one.bases] = True
        return flags

    def answered(self, split: int, predictions: Tensor) -> Tensor:
        """BoolTensor [rows]: whether base and every source that is used are answered rightly.

        `predictions` is a LongTensor [inputs]: the network's own outputs.
        """
        right = predictions == self.presentation.correct
        rows = self.rows[split]
        # A variable left alone is taken from nowhere; its base stands in for the source.
        sources = torch.where(rows.origins >= 0, rows.origins, rows.bases[:, None])
        return right[rows.bases] & right[sources].all(dim=1)


def lay_out(
    network: TaskNetwork,
    task: Task,
    pairs: Sequence[InterchangePairs],
    tokens: Sequence[TokenPosition | TokenRange],
    prompt: str | None,
) -> Trial:
    """Present all splits of a design at once, so that one harvest serves them."""
    model = pairs[0].model
    variables = tuple(dict.fromkeys(v for kind in pairs[0].design.kinds for v in kind.variables))
    settings = _stack([part for one in pairs for part in (one.base, *one.sources)], model.inputs)
    presentation = network.present(task, settings, tokens, prompt)
    output = model.outputs[0]
    rows: list[Interchanges] = []
    start = 0
    for one in pairs:
        bases = torch.arange(start, start + len(one))
        labels = from_array(one.label[output].astype(np.int64))
        rows.append(
            Interchanges(
                bases, _origins(one, variables, start), presentation.outputs(bases, labels)
            )
        )
        start += len(one) * (1 + len(one.sources))
    return Trial(presentation, variables, tuple(pairs), tuple(rows))


def _origins(pairs: InterchangePairs, variables: tuple[str, ...], start: int) -> Tensor:
    """For each row and variable the number of the input that it is taken from, or -1."""
    count = len(pairs)
    origins = torch.full((count, len(variables)), -1)
    kinds = from_array(pairs.kinds.astype(np.int64))
    numbers = torch.arange(count)
    for number, kind in enumerate(pairs.design.kinds):
        chosen = numbers[kinds == number]
        for variable, source in zip(kind.variables, kind.sources, strict=True):
            origins[chosen, variables.index(variable)] = start + (1 + source) * count + chosen
    return origins


def _stack(parts: Sequence[Columns], names: Sequence[str]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in names}
