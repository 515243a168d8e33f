"""Rows of a data set made and rendered by the processes of a cluster, and handed over in order."""

from __future__ import annotations

import hashlib
import os
import platform
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalspec import __version__
from causalspec.cluster.connection import Cluster
from causalspec.compiler import (
    LINES,
    Columns,
    CounterfactualDesign,
    Elsewhere,
    InterchangePairs,
    Rendered,
    Renderer,
    Specification,
    SplitRows,
    in_blocks,
    split_rows,
)
from causalspec.dsl.diagnostics import SpecError, ToolFailure

_AHEAD = 2
"""So many stretches a process may be ahead of what is written."""

_RETRIES = 3


@dataclass(frozen=True, slots=True)
class DataErrand:
    """What a process needs to know to make rows of a split: the command's options by name, the
    folder where they were given, and the version and the content that a spec has here.
    """

    options: tuple[tuple[str, Any], ...]
    folder: str
    design: str
    split: str
    version: str
    content: str


@dataclass(frozen=True, eq=False, slots=True)
class Stretch:
    """The rows of a stretch as they are sent, and its blocks as a form takes them."""

    columns: Columns
    kinds: NDArray[np.int32]
    stratum: NDArray[np.int32]
    blocks: Sequence[Rendered]


def made_elsewhere(
    cluster: Cluster,
    specification: Specification,
    design: CounterfactualDesign,
    options: Namespace,
    notice: Callable[[str], None],
) -> Elsewhere:
    """How the rows of a design are made by the processes of a cluster, for an `Order`. What they
    could not make is made here, and `notice` is told.
    """
    names = ("spec", "settings", "form", "slots", "tokenizer", "rows", "seed")
    given = vars(options) | {"settings": tuple(options.settings)}
    chosen = tuple((name, given[name]) for name in names)
    ahead = _AHEAD * sum(machine.processors for machine in cluster.machines.values())
    task = cluster.ray.remote(make_stretch).options(num_cpus=1, max_retries=_RETRIES)

    def made(split: str, render: Renderer) -> Iterator[tuple[InterchangePairs, Rendered]]:
        content = _content_of(specification)
        errand = DataErrand(chosen, str(Path.cwd()), design.name, split, __version__, content)
        rows = split_rows(design, split, rows=options.rows, seed=options.seed)
        begun: dict[int, Any] = {}
        told = False
        for number in range(rows.count):
            for later in range(number + len(begun), min(number + ahead, rows.count)):
                begun[later] = task.remote(errand, later)
            stretch = _received(cluster, begun.pop(number))
            if stretch is None:
                if not told:
                    notice("processes of the cluster were lost: some rows are made here")
                told = True
                for block in in_blocks([rows.stretch(number)]):
                    yield block, render(block)
                continue
            pairs = rows.received(stretch.columns, stretch.kinds, stretch.stratum)
            yield from zip(in_blocks([pairs]), stretch.blocks, strict=True)

    return made


def _received(cluster: Cluster, begun: Any) -> Stretch | None:
    """A stretch once it is made; None where it can't be had. Raises `ToolFailure` as its maker."""
    try:
        return cluster.ray.get(begun)
    except cluster.ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, ToolFailure):
            raise ToolFailure(str(error.cause), error.cause.help) from error
        raise
    except cluster.ray.exceptions.RayError:
        return None


def make_stretch(errand: DataErrand, number: int) -> Stretch:
    """Make a stretch, in a process of the cluster's.

    Raises `ToolFailure` where the spec is not the same there.
    """
    rows, render = _opened(errand)
    made = rows.stretch(number)
    blocks = [_ready(render, block) for block in in_blocks([made])]
    return Stretch(made.columns, made.kinds, made.stratum, blocks)


@lru_cache(maxsize=4)
def _opened(errand: DataErrand) -> tuple[SplitRows, Renderer]:
    command = import_module("causalspec.commands.data")
    options = Namespace(**dict(errand.options))
    unlike = ToolFailure(
        f"causalspec or the spec is not the same on `{platform.node()}`",
        help="every machine of the cluster needs the same version, and the same files in the same "
        "place",
    )
    try:
        os.chdir(errand.folder)
        load_checked = import_module("causalspec.commands.specs").load_checked
        specification: Specification = load_checked(options.spec, options.settings)
    except (OSError, SpecError, ToolFailure) as error:
        raise unlike from error
    if __version__ != errand.version or _content_of(specification) != errand.content:
        raise unlike
    design = specification.counterfactuals[errand.design]
    rows = split_rows(design, errand.split, rows=options.rows, seed=options.seed)
    return rows, command.renderer_of(specification, design, options)


def _ready(render: Renderer, block: InterchangePairs) -> Rendered:
    """A block to be sent; lines come one after the other."""
    rendered = render(block)
    return list(rendered) if render.form in LINES else rendered


def _content_of(specification: Specification) -> str:
    """A hash of all that a specification was read from."""
    text = hashlib.sha256(specification.source.text.encode()).hexdigest()
    return repr((text, sorted(specification.files.items())))
