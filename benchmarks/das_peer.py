"""One training step of distributed alignment search as pyvene takes it, for `das_step`."""

from __future__ import annotations

import sys
from collections.abc import Callable

import torch
from torch.nn import functional
from transformers import PreTrainedModel

from causalspec.runtime.engine.subjects import Interchanges
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.tokens import TokenizedPrompts

try:
    import pyvene
except ImportError:
    sys.exit("pyvene is needed beside causalspec: pip install pyvene==0.1.8")


def pyvene_step(
    model: PreTrainedModel,
    prompts: TokenizedPrompts,
    layer: int,
    rows: Interchanges,
    ours: PlacedMaps,
) -> tuple[Callable[[], None], Callable[[], float]]:
    """A step of pyvene's from the rotation that `ours` begins with, and its loss alone."""
    [placed] = ours.placed
    batch, dimension = rows.rows, placed.map.featurizer.features
    config = pyvene.IntervenableConfig(
        model_type=type(model),
        representations=[
            pyvene.RepresentationConfig(
                layer,
                "block_output",
                "pos",
                1,
                low_rank_dimension=dimension,
            )
        ],
        intervention_types=pyvene.LowRankRotatedSpaceIntervention,
    )
    intervenable = pyvene.IntervenableModel(config, model)
    device = next(model.parameters()).device
    intervenable.set_device(device)
    intervenable.disable_model_gradients()
    [intervention] = intervenable.interventions.values()
    rotation = intervention.rotate_layer
    with torch.no_grad():
        rotation.weight = placed.map.featurizer.basis().clone()  # through its own parametrization
    optimizer = torch.optim.Adam(intervention.parameters(), lr=FitSettings().learning_rate)
    base = {"input_ids": prompts.ids[:batch].to(device)}
    source = {"input_ids": prompts.ids[batch:].to(device)}
    labels = rows.labels[:, 0].to(device)
    where = {"sources->base": prompts.length - 1}

    def loss() -> torch.Tensor:
        _, output = intervenable(base, [source], where)
        return functional.cross_entropy(output.logits[:, -1], labels)

    def step() -> None:
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    return step, lambda: float(loss().detach())
