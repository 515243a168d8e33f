"""A spec's counterfactual data in the shape of pyvene's: a list of dictionaries of tensors.

`pyvene.CausalModel.generate_counterfactual_dataset` of version 0.1.8 returns such a list; a loop
that reads it reads ours. pyvene itself is not needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy
import torch
from torch import Tensor

from causalspec.compiler import (
    CausalModel,
    CounterfactualDesign,
    Domain,
    InterchangePairs,
    Numbers,
    Role,
    SwapKind,
    Task,
    encode_columns,
    generate,
    solve_columns,
)
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.interop.pyvene_models import Setting, Value, parents_of, value_of
from causalspec.runtime.untyped import from_array

Example = dict[str, Tensor]
"""What pyvene calls an example: tensors by the names that its loops read."""


def counterfactual_dataset(
    design: CounterfactualDesign,
    split: str,
    *,
    task: Task | None = None,
    rows: int | None = None,
    seed: int | None = None,
    batch_size: int | None = None,
    intervention_id: Callable[[Setting], int] | None = None,
    input_function: Callable[[Setting], Tensor] | None = None,
    output_function: Callable[[Setting], Tensor] | None = None,
) -> list[Example]:
    """A design's pairs as `pyvene.CausalModel.generate_counterfactual_dataset` returns them.

    Each example holds `input_ids` [inputs] of the base, `source_input_ids` [variables, inputs] with
    a row for each swapped variable in pyvene's order (by depth, then by name) and zeros for the
    rest, `labels` and `base_labels` [outputs], and `intervention_id` [1].

    `input_function` makes a setting of inputs a tensor, as in pyvene; without one, a `task` with an
    `encode` gives its vectors, and else numbers stand for themselves and codes for text.
    `intervention_id` numbers an intervention, given as the values that it puts in; without one it
    is the number of the `swap` in the spec. `batch_size` makes so many neighbours share one kind of
    intervention, as pyvene's loops expect; rows that fill no batch are left out.

    Raises as `generate` does, and `ToolFailure` for sources that are themselves intervened on.
    """
    if any(kind.within for kind in design.kinds):
        raise ToolFailure(f"`{design.name}` swaps in a source's own run, which pyvene can't say")
    pairs = generate(design, split, rows=rows, seed=seed)
    if batch_size is not None:
        pairs = pairs.select(_in_batches(pairs, batch_size))
    model = design.model
    inputs = [
        _inputs(model, columns, task, input_function) for columns in (pairs.base, *pairs.sources)
    ]
    outputs = [
        _outputs(model, columns, output_function) for columns in (pairs.label, pairs.base_outputs)
    ]
    order = _order(model)
    blank = torch.zeros_like(inputs[0][0]) if len(pairs) else torch.zeros(0)
    numbers = _numbers(design, pairs, intervention_id)
    kinds: list[int] = pairs.kinds.tolist()
    examples: list[Example] = []
    for row, kind in enumerate(kinds):
        sources = [inputs[1 + k][row] for k in _sources(design.kinds[kind], order)]
        padding = [blank] * (len(order) - len(sources))
        examples.append(
            {
                "labels": outputs[0][row],
                "base_labels": outputs[1][row],
                "input_ids": inputs[0][row],
                "source_input_ids": torch.stack([*sources, *padding]),
                "intervention_id": torch.tensor([numbers[row]]),
            }
        )
    return examples


def _in_batches(pairs: InterchangePairs, size: int) -> Any:
    """Row numbers such that each run of `size` is of one kind; runs of the kinds take turns."""
    runs: list[tuple[int, int, Any]] = []
    for kind in range(len(pairs.design.kinds)):
        rows = numpy.flatnonzero(pairs.kinds == kind)
        whole = len(rows) // size
        runs.extend((n, kind, rows[n * size : (n + 1) * size]) for n in range(whole))
    runs.sort(key=lambda run: run[:2])
    empty = numpy.zeros(0, dtype=numpy.int64)
    return numpy.concatenate([empty, *(rows for _, _, rows in runs)])


def _inputs(
    model: CausalModel,
    columns: Mapping[str, Any],
    task: Task | None,
    function: Callable[[Setting], Tensor] | None,
) -> Tensor:
    """`[rows, …]`."""
    names = list(model.exogenous)
    if function is not None:
        return _stacked(model, columns, names, function)
    if task is not None and task.encoding is not None:
        return from_array(encode_columns(task.encoding, task.model, columns))
    return _plain(model, columns, names)


def _outputs(
    model: CausalModel,
    columns: Mapping[str, Any],
    function: Callable[[Setting], Tensor] | None,
) -> Tensor:
    if function is not None:
        return _stacked(model, columns, model.outputs, function)
    return _plain(model, columns, model.outputs)


def _plain(model: CausalModel, columns: Mapping[str, Any], names: Sequence[str]) -> Tensor:
    """`[rows, names]`, float: what `_tensor` makes of each row."""
    scales = [_denominator(model.by_name[name].domain) for name in names]
    values = [columns[n].astype(numpy.float64) / s for n, s in zip(names, scales, strict=True)]
    return from_array(numpy.stack(values, axis=1).astype(numpy.float32))


def _denominator(domain: Domain) -> int:
    return domain.denominator if isinstance(domain, Numbers) else 1


def _stacked(
    model: CausalModel,
    columns: Mapping[str, Any],
    names: Sequence[str],
    function: Callable[[Setting], Tensor],
) -> Tensor:
    return torch.stack([function(setting) for setting in _settings(model, columns, names)])


def _settings(
    model: CausalModel, columns: Mapping[str, Any], names: Sequence[str]
) -> Iterator[dict[str, Value]]:
    texts = [[value_of(model.by_name[n].domain, c) for c in columns[n].tolist()] for n in names]
    return (dict(zip(names, row, strict=True)) for row in zip(*texts, strict=True))


def _order(model: CausalModel) -> list[str]:
    """The variables that can be swapped, in pyvene's order: by depth, then by name."""
    depth: dict[str, int] = {}
    for variable in model.variables:
        if variable.role is not Role.ABBREVIATION:
            depth[variable.name] = 1 + max(
                (depth[name] for name in parents_of(model, variable)), default=-1
            )
    return sorted(model.intermediates, key=lambda name: (depth[name], name))


def _sources(kind: SwapKind, order: Sequence[str]) -> list[int]:
    """The source of each swapped variable, in that order."""
    swapped = dict(zip(kind.variables, kind.sources, strict=True))
    return [swapped[name] for name in order if name in swapped]


def _numbers(
    design: CounterfactualDesign,
    pairs: InterchangePairs,
    intervention_id: Callable[[Setting], int] | None,
) -> list[int]:
    """Each row's number of its intervention."""
    kinds: list[int] = pairs.kinds.tolist()
    if intervention_id is None:
        return kinds
    model = design.model
    solved = [solve_columns(model, source, wanted=model.intermediates) for source in pairs.sources]
    numbers: list[int] = []
    for row, kind in enumerate(kinds):
        swapped = design.kinds[kind]
        values = {
            name: value_of(model.by_name[name].domain, int(solved[source][name][row]))
            for name, source in zip(swapped.variables, swapped.sources, strict=True)
        }
        numbers.append(intervention_id(values))
    return numbers
