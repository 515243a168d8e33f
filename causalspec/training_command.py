"""The command that a spec's `train.py` is: a network trained on the spec's task, and saved."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from causalspec.compiler import Specification, load_specification
from causalspec.dsl.diagnostics import SpecError
from causalspec.progress import TerminalWatcher
from causalspec.runtime import (
    EqualityRecipe,
    Exercises,
    Planted,
    Recipe,
    shares_right,
    train_decoder,
    train_on_pairs,
)

_TESTED = 2_000


def train_on_prompts(
    spec: Path, recipe: Recipe, lessons: Path | None = None, plants: Sequence[str] = ()
) -> None:
    """Train a decoder on prompts and right answers of a spec's tasks, and of those that another
    file, `lessons`, adds; save it, and print the share of the spec's inputs that it gets right.

    With the names of claims, `plants`, it is also trained by interchange interventions to hold
    their variables where they are looked for.
    """
    options = _options(spec, recipe)
    recipe = replace(recipe, seed=options.seed, steps=options.steps)
    specification = _specification(spec)
    tasks = list(specification.tasks.values())
    taught = tasks if lessons is None else [*tasks, *_specification(lessons).tasks.values()]
    planted = Planted(specification, tuple(plants)) if plants else None
    trained = train_decoder(taught, recipe, planted, TerminalWatcher())
    trained.save(options.folder)
    right = trained.share_right(Exercises(tasks, recipe.seed, "test").take(_TESTED))
    print(f"{options.folder}: {right:.2%} of {_TESTED:,} new inputs answered rightly")


def train_on_equalities(spec: Path, recipe: EqualityRecipe) -> None:
    """Train a plain network to answer by which pairs are equal, save it, and print the share of the
    inputs of a spec's one task that it answers rightly, by answer.
    """
    options = _options(spec, recipe)
    recipe = replace(recipe, seed=options.seed, steps=options.steps)
    network = train_on_pairs(recipe, TerminalWatcher())
    untyped: Any = network
    untyped.save_pretrained(options.folder)
    (task,) = _specification(spec).tasks.values()
    right = shares_right(network, task)
    told = ", ".join(f"{share:.2%} of those with `{answer}`" for answer, share in right.items())
    print(f"{options.folder}: of the spec's inputs answered rightly: {told}")


def _options(spec: Path, recipe: Recipe | EqualityRecipe) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=f"train a network that plays {spec.name}")
    parser.add_argument("folder", type=Path, help="where the network is saved")
    parser.add_argument("--seed", type=int, default=recipe.seed)
    parser.add_argument("--steps", type=int, default=recipe.steps)
    torch.set_num_threads(1)  # the operations are too small to share
    return parser.parse_args()


def _specification(spec: Path) -> Specification:
    specification, diagnostics = load_specification(spec)
    if specification is None:
        raise SpecError(diagnostics)
    return specification
