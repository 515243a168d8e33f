"""What the commands that make networks have in common."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from causalspec.commands.arguments import add_format_argument, add_spec_argument, count, folder
from causalspec.commands.output import print_json, print_lines

if TYPE_CHECKING:
    from causalspec.runtime import MadeReport


def add_making_arguments(parser: argparse.ArgumentParser) -> None:
    """The spec, where the network is written, and the seed."""
    add_spec_argument(parser)
    parser.add_argument(
        "--out", type=folder, required=True, metavar="FOLDER", help="where the network is written"
    )
    parser.add_argument("--seed", type=count, default=0, help="of what is drawn (default 0)")
    add_format_argument(parser)


def prepare_torch() -> None:
    """One thread, since these networks are too small to share out, and no progress but ours."""
    import torch
    from transformers.utils.logging import disable_progress_bar

    torch.set_num_threads(1)
    disable_progress_bar()


def print_made(report: MadeReport, options: argparse.Namespace) -> None:
    """Say how the network fares, for people or as JSON."""
    from causalspec.runtime import json_value

    if options.format == "json":
        print_json(json_value(report))
        return
    lines = [f"{report.folder}: {report.right:.2%} of new inputs answered rightly"]
    if report.truth is not None:
        lines.append(
            f"the true alignment: IIA {report.truth.iia.mean:.3f} on {report.truth.iia.total:,} "
            f"pairs; with shuffled directions {report.truth.shuffled.mean:.3f}"
        )
    print_lines(lines)
