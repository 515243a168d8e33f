"""Folders of networks made for specs: whole or absent, with the truth where it is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from causalspec.compiler import CausalModel, Specification, Task
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.making.built_prompts import built_decoder
from causalspec.runtime.making.built_vectors import built_network
from causalspec.runtime.making.planting import Planted
from causalspec.runtime.making.scored_truth import TruthScore, score_truth, share_right
from causalspec.runtime.making.training import Recipe, train_decoder
from causalspec.runtime.making.truth import DIRECTIONS, TRUTH, TrueSite, truth_about, write_truth
from causalspec.runtime.making.vector_training import VectorRecipe, train_vectors
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.results.whole_folder import whole_folder
from causalspec.runtime.watch import Unwatched, Watcher

_OURS = {
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    TRUTH,
    DIRECTIONS,
}

Save = Callable[[Path], None]
"""Writes a network into a folder that is there."""


@dataclass(frozen=True, eq=False)
class MadeNetwork:
    """A network, not yet written, and where it holds its model's variables: nothing where it was
    trained on behaviour alone.
    """

    save: Save = field(repr=False)
    sites: tuple[TrueSite, ...] = ()


@dataclass(frozen=True, slots=True)
class MadeReport:
    """How a network that was written fares: the share of new inputs that it answers rightly, and
    the truth about it, None where there is none or the spec has no data of the model.
    """

    folder: str
    right: float
    truth: TruthScore | None


def build(
    specification: Specification,
    model: CausalModel,
    layers: int | None,
    width: int | None,
    seed: int,
) -> MadeNetwork:
    """A network whose weights are set so that it computes `model`, with nothing trained.

    Raises `ToolFailure` where there is no such network, or none of that size.
    """
    task = specification.tasks[model.task]
    if task.prompts:
        decoder, sites = built_decoder(task, model, layers, width, seed)
        return MadeNetwork(decoder.save, sites)
    require_shown(task)
    network, sites = built_network(task, model, layers, width, seed)
    untyped: Any = network
    return MadeNetwork(untyped.save_pretrained, sites)


@dataclass(frozen=True, slots=True)
class Training:
    """How a network is trained, whatever its kind; None is what suits the kind."""

    seed: int = 0
    layers: int | None = None
    width: int | None = None
    heads: int | None = None
    digits: int | None = None
    steps: int | None = None
    batch: int | None = None
    learning_rate: float | None = None


def train(
    task: Task,
    training: Training,
    planted: Planted | None = None,
    watcher: Watcher | None = None,
) -> MadeNetwork:
    """A network that is trained on a task, and on the interchanges of what is `planted`.

    Raises:
        ToolFailure: there is nothing of the task to show, or the sizes don't suit each other.
        SpecError: a claim's sites are not in a network of that size.
    """
    require_shown(task)
    watcher = watcher or Unwatched()
    given = {name: value for name, value in asdict(training).items() if value is not None}
    if task.prompts:
        recipe = replace(Recipe(steps=1_000), **given)
        if recipe.width % (2 * recipe.heads):
            raise ToolFailure(
                f"{recipe.width} numbers of a layer are not an even number for each of "
                f"{recipe.heads} heads",
                help=f"ask for `--width {2 * recipe.heads * 8}`, or for other `--heads`",
            )
        watcher.notice(_effort(recipe.steps, recipe.batch, recipe.layers, recipe.width, "decoder"))
        decoder = train_decoder([task], recipe, planted, watcher)
        return MadeNetwork(decoder.save, decoder.sites)
    plain = replace(VectorRecipe(), **{k: v for k, v in given.items() if k not in _OF_DECODERS})
    watcher.notice(_effort(plain.steps, plain.batch, plain.layers, plain.width, "plain network"))
    network, lessons = train_vectors(task, plain, planted, watcher)
    untyped: Any = network
    return MadeNetwork(untyped.save_pretrained, lessons.sites if lessons is not None else ())


_OF_DECODERS = ("heads", "digits")


def _effort(steps: int, batch: int, layers: int, width: int, kind: str) -> str:
    return (
        f"{steps:,} steps of {batch} exercises, on one thread, for a {kind} with {layers} layers "
        f"of width {width}"
    )


def require_shown(task: Task) -> None:
    """Raise `ToolFailure` where there is nothing of a task to show a network."""
    if not task.prompts and task.encoding is None:
        raise ToolFailure(
            f"`{task.name}` has neither a prompt nor an `encode`: there is nothing to show a "
            "network",
            help="give the task a `prompt` or an `encode`",
        )


def check_made_destination(folder: Path) -> None:
    """Raise `ToolFailure` where `write_made` would have to delete what is not a made network."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ToolFailure(f"`{folder}` is a file", help="name a folder for the network")
    for entry in sorted(folder.iterdir()):
        if entry.name not in _OURS:
            raise ToolFailure(
                f"`{folder}` holds `{entry.name}`, which is no part of a network",
                help="name another folder",
            )


def write_made(
    folder: Path, made: MadeNetwork, specification: Specification, model: CausalModel, seed: int
) -> MadeReport:
    """Write a network into `folder`, whole or not at all, load it from there, and try it.

    Raises `ToolFailure` where it can't be written.
    """
    check_made_destination(folder)
    task = specification.tasks[model.task]
    truth = truth_about(specification, model.name, seed, made.sites) if made.sites else None
    with whole_folder(folder) as partial:
        made.save(partial)
        network = load_task_network(str(partial), "cpu")
        if truth is not None:
            write_truth(partial, truth, network.network)
        right = share_right(network, task, seed)
        score = None if truth is None else score_truth(specification, network, truth)
    return MadeReport(str(folder), right, score)
