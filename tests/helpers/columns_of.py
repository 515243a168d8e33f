"""Settings as columns and back, and which settings of a case are gone through."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy

from causalspec.compiler.evaluators.columns import setting_at
from causalspec.compiler.model import CausalModel

LONG = "CAUSALSPEC_LONG" in os.environ
EXHAUSTIVE_UP_TO = 100_000 if LONG else 2_000
SAMPLES = 10_000 if LONG else 300

Setting = dict[str, int]


def drawn_settings(model: CausalModel, seed: int, rows: int) -> list[Setting]:
    """Settings of inputs and noise, each code equally likely. Requirements don't matter here."""
    generator = numpy.random.default_rng(seed)
    names = list(model.exogenous)
    columns = [
        [model.by_name[name].domain.codes()[k] for k in generator.integers(size, size=rows)]
        for name in names
        for size in [model.by_name[name].domain.size]
    ]
    return [dict(zip(names, codes, strict=True)) for codes in zip(*columns, strict=True)]


def covered_settings(model: CausalModel) -> list[Setting]:
    """Every setting of inputs and noise where they are few enough, else a sample."""
    names = list(model.exogenous)
    domains = [model.by_name[name].domain for name in names]
    count = 1
    for domain in domains:
        count *= domain.size
    if count > EXHAUSTIVE_UP_TO:
        return drawn_settings(model, 0, SAMPLES)
    return [
        dict(zip(names, codes, strict=True))
        for codes in product(*(domain.codes() for domain in domains))
    ]


def as_columns(settings: Sequence[Mapping[str, int]]) -> dict[str, Any]:
    return {name: numpy.array([setting[name] for setting in settings]) for name in settings[0]}


def as_settings(columns: Mapping[str, Any]) -> list[Setting]:
    """Each row as a setting, which lacks what is undefined there."""
    return [setting_at(columns, row) for row in range(len(next(iter(columns.values()))))]
