"""Where a network that was made for a model holds its variables: the truth beside its weights.

FOLDER/truth.json         what was made of which spec, and each variable's site as a spec writes it
FOLDER/truth.safetensors  each variable's orthonormal directions, [width of the site, dimensions]

A built or planted network computes the variables there, so that a search has a right answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from causalspec.compiler import Specification
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.networks.network import Network
from causalspec.runtime.untyped import save_tensors

TRUTH, DIRECTIONS = "truth.json", "truth.safetensors"
FORMAT = 1


@dataclass(frozen=True, eq=False)
class TrueSite:
    """Where a variable is: a site and a token as a spec writes them, `hidden layers 2` or `residual
    layers 1` and `last`, and orthonormal directions there [width, dimensions].
    """

    variable: str
    site: str
    token: str
    directions: Tensor = field(repr=False)

    @property
    def dimensions(self) -> int:
        """How many directions the variable has."""
        return self.directions.shape[1]

    @property
    def text(self) -> str:
        """The statement of an alignment that looks there for as many dimensions."""
        token = f" token {self.token}" if self.token else ""
        return f"var {self.variable} at {self.site}{token} by das(dim = {self.dimensions})"


@dataclass(frozen=True, eq=False)
class Truth:
    """What a network was made of: `model` of a spec, known by its SHA-256, with a seed."""

    spec_sha256: str
    model: str
    seed: int
    sites: tuple[TrueSite, ...]


def truth_about(
    specification: Specification, model: str, seed: int, sites: Sequence[TrueSite]
) -> Truth:
    """The truth about a network that was made of a spec's model."""
    return Truth(spec_hash(specification), model, seed, tuple(sites))


def spec_hash(specification: Specification) -> str:
    """The SHA-256 of a spec's text."""
    return hashlib.sha256(specification.source.text.encode()).hexdigest()


def write_truth(folder: Path, truth: Truth, network: Network) -> None:
    """Write the truth about `network`, whose weights lie in `folder`."""
    directions = {
        site.variable: site.directions.detach().to(torch.float32).contiguous()
        for site in truth.sites
    }
    save_tensors(directions, folder / DIRECTIONS)
    written = {
        "format": FORMAT,
        "spec_sha256": truth.spec_sha256,
        "model": truth.model,
        "seed": truth.seed,
        "network_sha256": network.content_hash,
        "directions_sha256": hashlib.sha256((folder / DIRECTIONS).read_bytes()).hexdigest(),
        "variables": [
            {
                "variable": site.variable,
                "site": site.site,
                "token": site.token,
                "dimensions": site.dimensions,
            }
            for site in truth.sites
        ],
    }
    (folder / TRUTH).write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


def read_truth(folder: Path, network: Network) -> Truth:
    """The truth about `network`, which was loaded from `folder`.

    Raises `ToolFailure` where there is none, or it is another network's.
    """
    try:
        written: Any = json.loads((folder / TRUTH).read_text(encoding="utf-8"))
        content = (folder / DIRECTIONS).read_bytes()
        directions = safetensors.torch.load(content)
        if written["format"] != FORMAT:
            raise ToolFailure(
                f"`{folder / TRUTH}` has format {written['format']}, and this version reads "
                f"{FORMAT}",
                help="make the network again",
            )
        sites = tuple(
            TrueSite(
                entry["variable"], entry["site"], entry["token"], directions[entry["variable"]]
            )
            for entry in written["variables"]
        )
        truth = Truth(written["spec_sha256"], written["model"], written["seed"], sites)
        hashes = written["network_sha256"], written["directions_sha256"]
        dimensions = [entry["dimensions"] for entry in written["variables"]]
    except OSError as error:
        raise ToolFailure(
            f"can't read `{error.filename}`: {error.strerror}",
            help="`causalspec build` and `causalspec plant` write the truth beside the weights",
        ) from error
    except (ValueError, KeyError, TypeError, SafetensorError) as error:
        raise ToolFailure(
            f"`{folder / TRUTH}` and `{DIRECTIONS}` are not a saved truth",
            help="make the network again",
        ) from error
    if hashes[0] != network.content_hash:
        raise ToolFailure(
            f"the truth in `{folder}` is not that of the weights beside it",
            help="weights or configuration were changed after they were made: make them again",
        )
    if hashes[1] != hashlib.sha256(content).hexdigest() or dimensions != [
        site.dimensions for site in sites
    ]:
        raise ToolFailure(
            f"`{folder / DIRECTIONS}` is not what `{TRUTH}` says of it",
            help="the directions were changed after they were made: make the network again",
        )
    return truth
