"""One training step of distributed alignment search as pyvene takes it, for `das_step`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional
from transformers import PreTrainedModel

from causalspec.runtime.engine.subjects import Interchanges
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.tokens import TokenizedPrompts
from causalspec.runtime.maps.ownerships.boundary import COLDEST
from causalspec.runtime.sites.site import Site

try:
    import pyvene
except ImportError:
    sys.exit("pyvene is needed beside causalspec: pip install pyvene==0.1.8")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fit, as causalspec and as pyvene name it: a component, the head of it or None, and
    what is trained there; `dimension` is where it starts.
    """

    component: str
    method: str
    dimension: int
    peer_component: str
    peer_intervention: type
    head: int | None = None

    def site(self, layer: int) -> Site:
        """Its place in a layer, at the last token."""
        return Site(self.component, layer, "last", self.head)


HALF = 288
"""Of SmolLM2's 576 columns: the share that pyvene's boundless intervention starts at."""
KINDS = {
    "residual": Kind("residual", "das", 16, "block_output", pyvene.LowRankRotatedSpaceIntervention),
    "boundless": Kind(
        "residual", "boundless_das", HALF, "block_output", pyvene.BoundlessRotatedSpaceIntervention
    ),
    "mlp": Kind("mlp_output", "das", 16, "mlp_output", pyvene.LowRankRotatedSpaceIntervention),
    "head": Kind(
        "head",
        "das",
        16,
        "head_attention_value_output",
        pyvene.LowRankRotatedSpaceIntervention,
        head=0,
    ),
}


def pyvene_step(
    model: PreTrainedModel,
    prompts: TokenizedPrompts,
    kind: Kind,
    layer: int,
    rows: Interchanges,
    ours: PlacedMaps,
) -> tuple[Callable[[], None], Callable[[], float]]:
    """A step of pyvene's from the rotation that `ours` begins with, and its loss alone."""
    [placed] = ours.placed
    batch = rows.rows
    config = pyvene.IntervenableConfig(
        model_type=type(model),
        representations=[
            pyvene.RepresentationConfig(
                layer,
                kind.peer_component,
                "pos" if kind.head is None else "h.pos",
                1,
                low_rank_dimension=kind.dimension,
            )
        ],
        intervention_types=kind.peer_intervention,
    )
    intervenable = pyvene.IntervenableModel(config, model)
    device = next(model.parameters()).device
    intervenable.set_device(device)
    intervenable.disable_model_gradients()
    [intervention] = intervenable.interventions.values()
    rotation = intervention.rotate_layer
    with torch.no_grad():
        rotation.weight = placed.map.featurizer.basis().clone()  # through its own parametrization
    if isinstance(intervention, pyvene.BoundlessRotatedSpaceIntervention):
        # Out of the optimizer's hands, and cold, with columns counted at their middles: so its
        # mask is all but ours. As it comes, it never swaps column 0 by more than half.
        intervention.intervention_population.data = (
            intervention.intervention_population.data.float() + 0.5
        )
        intervention.temperature.requires_grad_(False)
        intervention.set_temperature(torch.tensor(COLDEST, device=device))
    trained = [each for each in intervention.parameters() if each.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=FitSettings().learning_rate)
    base = {"input_ids": prompts.ids[:batch].to(device)}
    source = {"input_ids": prompts.ids[batch:].to(device)}
    labels = rows.labels[:, 0].to(device)
    last = prompts.length - 1
    one_head = [[[[kind.head]] * batch, [[last]] * batch]]
    where = {"sources->base": last if kind.head is None else (one_head, one_head)}

    def loss() -> torch.Tensor:
        _, output = intervenable(base, [source], where)
        return functional.cross_entropy(output.logits[:, -1], labels)

    def step() -> None:
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    return step, lambda: float(loss().detach())
