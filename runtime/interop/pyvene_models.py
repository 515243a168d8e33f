"""A spec's model as a causal model of pyvene.

pyvene 0.1.8 (https://github.com/stanfordnlp/pyvene) has causal models of Python functions. A loop
written for these takes a spec's model as it comes from here. pyvene is imported where one is made.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any

import numpy
import torch
from torch import Tensor

from causalspec.compiler import (
    CausalModel,
    Domain,
    Numbers,
    Query,
    Role,
    Stream,
    Truths,
    Tuples,
    Variable,
    interpret,
    sample,
)
from causalspec.dsl.diagnostics import ToolFailure

Value = bool | int | float | str
Setting = Mapping[str, Value]

MOST_VALUES = 1_000_000
"""pyvene lists the values of every variable; a larger domain is refused."""

_DRAWN = 4_096
_MOST_DRAWN = 1_000_000


def to_pyvene(model: CausalModel, *, seed: int = 0) -> Any:
    """The model as a `pyvene.CausalModel`: same variables, values, parents and functions.

    Values are what people write: truth values, whole numbers, floats for decimals, text for
    symbols. Abbreviations (`let`) are no variables, and noise is an input that takes its likeliest
    value where none is given. `sample_input`, and so the data that pyvene makes, draws what the
    task admits, by its weights, and can draw an input that gives a variable a value; tensors hold
    codes where values are text.

    Raises `ToolFailure` where pyvene is not installed, and for models that it can't hold.
    """
    try:
        pyvene: Any = importlib.import_module("pyvene")
    except ImportError as error:
        raise ToolFailure("pyvene is not installed", "pip install pyvene==0.1.8") from error
    if model.cyclic:
        raise ToolFailure(f"`{model.name}` is cyclic, and a model of pyvene is not")
    kept = [variable for variable in model.variables if variable.role is not Role.ABBREVIATION]
    for variable in kept:
        if variable.domain.size > MOST_VALUES:
            raise ToolFailure(
                f"`{variable.name}` has {variable.domain.size:,} values, too many to list"
            )
    names = [variable.name for variable in kept]
    parents = {variable.name: parents_of(model, variable) for variable in kept}
    made = pyvene.CausalModel(
        variables=list(names),  # pyvene sorts the list that it is given
        values={variable.name: _values(variable.domain) for variable in kept},
        parents=parents,
        functions={
            variable.name: _function(model, variable, parents[variable.name]) for variable in kept
        },
        pos={},
    )
    # pyvene takes what has no parents for inputs, and what has no children for outputs.
    made.inputs = list(model.exogenous)
    made.outputs = list(model.outputs)
    made.sample_input = InputSampler(model, seed)
    made.input_to_tensor = partial(_tensor, model, made.inputs)
    made.output_to_tensor = partial(_tensor, model, made.outputs)
    return made


def value_of(domain: Domain, code: int) -> Value:
    """A code as the Python value that people would write for it."""
    match domain:
        case Truths():
            return bool(code)
        case Numbers(denominator=1):
            return code
        case Numbers():
            return float(domain.value(code))
        case _:
            return domain.text(code)


def _values(domain: Domain) -> list[Value]:
    """`value_of` every code, in their order."""
    if not isinstance(domain, Tuples):
        return [value_of(domain, code) for code in domain.codes()]
    # As `Tuples.text` has them, each part's text made once: there may be a million tuples.
    parts = [
        [f"{field.name} = {field.domain.text(code)}" for code in field.domain.codes()]
        for field in domain.fields
    ]
    return [f"({', '.join(texts)})" for texts in product(*parts)]


def _codes(domain: Domain) -> dict[Value, int]:
    return dict(zip(_values(domain), domain.codes(), strict=True))


def parents_of(model: CausalModel, variable: Variable) -> list[str]:
    """The variables that a mechanism reads, through abbreviations. A mechanism that reads none has
    the first input for a parent: pyvene would take the variable for an input.
    """
    found = model.stated_parents(variable.name)
    if not found and variable.mechanism is not None:
        return list(model.inputs[:1])
    return list(found)


def _function(
    model: CausalModel, variable: Variable, parents: Sequence[str]
) -> Callable[..., Value | None]:
    """What pyvene calls with the values of the parents: None is undefined."""
    if variable.mechanism is None:
        weights = variable.weights or (1,)
        likeliest = variable.domain.codes()[weights.index(max(weights))]
        return lambda: value_of(variable.domain, likeliest)
    codes = [_codes(model.by_name[name].domain) for name in parents]
    lets = [other for other in model.variables if other.role is Role.ABBREVIATION]

    def compute(*values: Value | None) -> Value | None:
        given = zip(parents, codes, values, strict=True)
        setting = {name: own[value] for name, own, value in given if value is not None}
        for computed in (*lets, variable):
            code = (
                None
                if computed.mechanism is None
                else interpret.evaluate(computed.mechanism, setting)
            )
            if code is not None and code in computed.domain.codes():
                setting[computed.name] = code
        code = setting.get(variable.name)
        return None if code is None else value_of(variable.domain, code)

    return compute


def _tensor(model: CausalModel, names: Sequence[str], setting: Setting) -> Tensor:
    """`[names]`, float: numbers and truth values themselves, codes of what is text."""
    values = (
        _codes(model.by_name[name].domain)[setting[name]]
        if isinstance(setting[name], str)
        else float(setting[name])
        for name in names
    )
    return torch.tensor(list(values), dtype=torch.float32)


class InputSampler:
    """Draws inputs and noise of a model as its task distributes them.

    It is called as pyvene calls a `sampler`: with nothing, or with a variable and the value that it
    must have. Raises `ToolFailure` for a value that a million draws did not give.
    """

    def __init__(self, model: CausalModel, seed: int) -> None:
        self._model = model
        self._seed = seed
        self._drawn = 0
        self._waiting: dict[tuple[str | None, Value | None], list[dict[str, Value]]] = {}

    def __call__(
        self, output_var: str | None = None, output_var_value: Value | None = None, **_: object
    ) -> dict[str, Value]:
        waiting = self._waiting.setdefault((output_var, output_var_value), [])
        start = self._drawn
        while not waiting:
            if self._drawn - start >= _MOST_DRAWN:
                raise ToolFailure(
                    f"none of {_MOST_DRAWN:,} inputs gives `{output_var}` the value "
                    f"{output_var_value}"
                )
            waiting.extend(self._more(output_var, output_var_value))
        return waiting.pop()

    def _more(self, name: str | None, value: Value | None) -> Iterator[dict[str, Value]]:
        model = self._model
        seed = int(Stream.of(self._seed, "pyvene").below(2**31, self._drawn, 1)[0])
        self._drawn += _DRAWN
        drawn = sample(Query(model, {}, {}), _DRAWN, seed).factual
        names = list(model.exogenous)
        kept = numpy.ones(_DRAWN, dtype=numpy.bool_)
        if name is not None and value is not None:
            kept = drawn[name] == _codes(model.by_name[name].domain).get(value)
        for row in numpy.flatnonzero(kept).tolist():
            yield {n: value_of(model.by_name[n].domain, int(drawn[n][row])) for n in names}
