"""Claims that are known to be true or wrong, each about a network made for it: one verdict a seed.

Data, network and fit are drawn anew with each seed.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from causalspec.compiler import Specification, compile_file, encode_columns, solve_columns
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source
from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.vector_network import VectorNetwork
from causalspec.runtime.making.built_vectors import built_network
from causalspec.runtime.networks.feed_forward import FeedForwardConfig, FeedForwardNetwork
from causalspec.runtime.networks.network import wrap_module
from causalspec.runtime.report.text import outcome
from causalspec.runtime.results.run_folder import run_folder
from causalspec.runtime.scoring.claims import verify_claim
from causalspec.runtime.scoring.posed import pose
from causalspec.runtime.untyped import from_array, seeded
from causalspec.runtime.watch import Unwatched

FOLDER = Path(__file__).parent
LAYERS, WIDTH = 3, 24
LINEAR = FitSettings(steps=40, batch=128, learning_rate=5e-2, checkpoint_every=1_000)
BENT = FitSettings(steps=150, batch=128, learning_rate=3e-2, checkpoint_every=1_000)


@dataclass(frozen=True, slots=True)
class Row:
    """A claim of a spec beside this file about a network that `network` makes, given the seed; the
    verdict ought to be that it holds where it is `true`, and any other where it is not.
    """

    name: str
    about: str
    spec: str
    claim: str
    network: Callable[[Specification, int], VectorNetwork]
    fit: FitSettings
    true: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a seed came to: `outcome` is holds, fails, unknown or vacuous. `untrained`,
    `site_resampled` and `unmapped_resampled` are the scores of these controls, None where they are
    not tested.
    """

    outcome: str
    iia: float
    untrained: float | None
    site_resampled: float | None
    unmapped_resampled: float | None
    seconds: float


def verdict_on(row: Row, seed: int) -> Found:
    """Verify a row's claim with a seed."""
    started = time.monotonic()
    text = (FOLDER / row.spec).read_text(encoding="utf-8")
    source = Source(row.spec, re.sub(r"^  seed \d+$", f"  seed {seed}", text, flags=re.M))
    diagnostics = Diagnostics()
    specification = compile_file(parse(source, diagnostics), FOLDER, diagnostics)
    assert specification is not None, list(diagnostics)
    posed = pose(
        specification,
        specification.claims[row.claim],
        row.network(specification, seed),
        keeps_unanswered=True,
    )
    # As `verify` does, without its report and without the examination of the spec.
    with tempfile.TemporaryDirectory() as folder, run_folder(Path(folder) / "run", "") as kept:
        store = FitStore(kept, Unwatched())
        verdict = verify_claim(store, posed, replace(row.fit, seed=seed)).verdict
    controls = {
        control.name: None if control.not_tested else round(control.score.mean, 4)
        for control in verdict.controls
    }
    return Found(
        outcome(verdict),
        round(verdict.score.mean, 4),
        controls.get("random_network"),
        controls.get("site_resampled"),
        controls.get("unmapped_resampled"),
        round(time.monotonic() - started, 1),
    )


# Networks -----------------------------------------------------------------------------------------


def built(specification: Specification, seed: int) -> VectorNetwork:
    """One that does And-Or: its weights are set by hand, with variables along random directions."""
    (task,) = specification.tasks.values()
    network, _ = built_network(task, specification.models["AndOr"], LAYERS, WIDTH, seed)
    return VectorNetwork(wrap_module("built", network))


def untrained(specification: Specification, seed: int) -> VectorNetwork:
    """One that was never taught anything."""
    return built(specification, seed).untrained(10_000 + seed)


def mistaught(specification: Specification, seed: int) -> VectorNetwork:
    """One that learned the right answers by heart, permuted at random among all inputs."""
    (task,) = specification.tasks.values()
    model = task.model
    grid = np.indices([model.by_name[name].domain.size for name in model.inputs], dtype=np.int32)
    columns = dict(zip(model.inputs, grid.reshape(len(grid), -1), strict=True))
    (output,) = model.outputs
    right = solve_columns(model, columns, wanted=[output])[output]
    labels = from_array(np.random.default_rng(seed).permutation(right)).long()
    assert task.encoding is not None
    vectors = from_array(encode_columns(task.encoding, model, columns))
    with seeded(20_000 + seed):
        network = FeedForwardNetwork(
            FeedForwardConfig(
                input_size=vectors.shape[1], hidden_size=WIDTH, hidden_layers=LAYERS, classes=2
            )
        )
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(300):
        loss = functional.cross_entropy(network(vectors).logits, labels)
        optimizer.zero_grad()
        loss.backward()  # pyright: ignore[reportUnknownMemberType] # torch's own
        optimizer.step()  # pyright: ignore[reportUnknownMemberType]
    return VectorNetwork(wrap_module("mistaught", network.eval()))


ROWS = (
    Row("true", "And-Or of a network built to do And-Or", "claims.causal", "Right", built, LINEAR,
        true=True),
    Row("wrong", "And-Or-And of a network built to do And-Or", "claims.causal", "Wrong", built,
        LINEAR),
    Row("untrained", "And-Or of an untrained network", "claims.causal", "Right", untrained, LINEAR),
    Row("shuffled labels", "And-Or of a network that learned permuted answers", "claims.causal",
        "Right", mistaught, LINEAR),
    Row("wrong, RevNet", "And-Or-And of a network built to do And-Or, by a RevNet",
        "by_heart.causal", "WrongBent", built, BENT),
    Row("untrained, RevNet", "And-Or-And of an untrained network, by a RevNet", "by_heart.causal",
        "WrongBent", untrained, BENT),
)  # fmt: skip


def as_json(found: Found) -> dict[str, Any]:
    """A plain value."""
    return asdict(found)
