"""Train what `known_entity.causal` is about, in its folder: the network, and a sparse autoencoder.

    python specs/known_entity/train.py

A Llama learns `Recall` by heart, from prompts and right answers alone. An autoencoder learns its
residual stream at prompts' last tokens. Its features are put in the order of Ferrando et al.'s
separation score, how much oftener they fire on known people than on others, over the people of the
training split: the first is the best for known ones, the last for unknown ones. Some three minutes
on one core.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from causalspec.command_line import main as causalspec
from causalspec.compiler import load_specification
from causalspec.runtime import Exercises, Recipe, load_network, train_decoder
from causalspec.runtime.making.autoencoder import train_autoencoder
from causalspec.runtime.networks.network import Network

HERE = Path(__file__).parent
SPEC, NETWORK = HERE / "known_entity.causal", HERE / "network"
DICTIONARY = HERE / "features.safetensors"
RECIPE = Recipe(layers=4, width=64, heads=4, steps=2_000, learning_rate=2e-3)
LAYER, FEATURES, ACTIVE, STEPS = 1, 256, 8, 4_000


def vectors(network: Network, prompts: list[str]) -> Tensor:
    """The residual stream after the layer at prompts' last tokens, [prompts, width]."""
    read = network.tokenizer(prompts, return_tensors="pt")  # all are as long
    with torch.no_grad():
        states = network.model(read["input_ids"], output_hidden_states=True).hidden_states
    return states[LAYER + 1][:, -1]


def training_prompts() -> dict[str, bool]:
    """Prompts of the training split, with whether their person is known."""
    with tempfile.TemporaryDirectory() as folder:
        causalspec(["data", str(SPEC), "Recognition", "--split", "train", "--out", folder])
        text = (Path(folder) / "Recognition.train.jsonl").read_text(encoding="utf-8")
    rows = map(json.loads, text.splitlines())
    return {row["prompt.main.base"]: row["base.answers"] for row in rows}


def main() -> None:
    """Write `network` and `features.safetensors` beside the spec."""
    torch.set_num_threads(1)
    if not DICTIONARY.exists():  # the spec names it, and can't be read without
        untrained = train_autoencoder(torch.randn(ACTIVE, RECIPE.width), FEATURES, ACTIVE, 0)
        save_file(dict(untrained.weights), DICTIONARY)
    specification, _ = load_specification(SPEC)
    assert specification is not None
    task = specification.tasks["Recall"]
    if not NETWORK.exists():  # some minutes: delete it to have it trained anew
        trained = train_decoder([task], RECIPE)
        trained.save(NETWORK)
        right = trained.share_right(Exercises([task], RECIPE.seed, "test").take(2_000))
        print(f"{right:.2%} answered rightly")
    network = load_network(str(NETWORK))
    every = {exercise.prompt for exercise in Exercises([task], 0, "autoencoder").take(20_000)}
    found = train_autoencoder(vectors(network, sorted(every)), FEATURES, ACTIVE, STEPS)
    print(f"{len(every)} prompts, {found.unexplained:.1%} of the variance unexplained")
    labelled = training_prompts()
    known = torch.tensor(list(labelled.values()))
    fires = (found.features(vectors(network, list(labelled))) > 0).float()
    separation = fires[known].mean(0) - fires[~known].mean(0)
    order = separation.argsort(descending=True, stable=True)
    print("separation of the first and the last:", separation[order[[0, 1, -2, -1]]].tolist())
    save_file(dict(found.in_order(order).weights), DICTIONARY)


if __name__ == "__main__":
    main()
