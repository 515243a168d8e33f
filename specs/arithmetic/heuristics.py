"""Which heuristic each neuron of a network that adds carries: range, modulo or pattern.

    python specs/arithmetic/heuristics.py FOLDER

In the manner of Nikankin et al., "Arithmetic Without Algorithms" (2025): a heuristic is a statement
about one operand or the sum, and a neuron at the last token carries the one that its activation
tells best. The heuristic is chosen on half of the inputs; what is printed, as JSON, is how well the
neuron tells it (AUROC) on the other half, beside the same of the network before any training.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

TOLD = 0.9
"""The AUROC from which on a neuron is said to carry its heuristic."""

CARRY = "x % 10 + y % 10 >= 10"
CLAIMED = ("100 <= x + y <= 199", "(x + y) % 2 == 1", CARRY)
"""What `heuristics.causal` claims, each of the neuron that tells it best."""


def heuristics(x: Any, y: Any) -> Iterator[tuple[str, str, Any]]:
    """Kind, wording and truth values of each, where it is neither rare nor nearly always true."""
    for name, number, top in (("x", x, 100), ("y", y, 100), ("x + y", x + y, 200)):
        for low in range(0, top, 10):
            for high in range(low + 9, top, 10):
                yield "range", f"{low} <= {name} <= {high}", (number >= low) & (number <= high)
        for modulus in (2, 3, 4, 5, 10):
            for rest in range(modulus):
                if modulus < 10:
                    yield "modulo", f"({name}) % {modulus} == {rest}", number % modulus == rest
        for low in range(10):
            for high in range(low, 10):
                units = number % 10
                text = f"{low} <= ({name}) % 10 <= {high}"
                yield "pattern", text, (units >= low) & (units <= high)
    yield "pattern", CARRY, x % 10 + y % 10 >= 10


def activations(model: Any, tokenizer: Any, x: Any, y: Any) -> Any:
    """Of every neuron at the last token, [inputs, layers * neurons], and their number a layer."""
    held: list[torch.Tensor] = []
    hooks = [
        layer.mlp.down_proj.register_forward_pre_hook(
            lambda _, inputs: held.append(inputs[0][:, -1].clone())
        )
        for layer in model.model.layers
    ]
    prompts = [f"{first}+{second}=" for first, second in zip(x, y, strict=True)]
    with torch.no_grad():
        model(**tokenizer(prompts, return_tensors="pt"))
    for hook in hooks:
        hook.remove()
    return torch.cat(held, 1).numpy()


def auroc(values: Any, truths: Any) -> Any:
    """[statements, neurons] of values [inputs, neurons] and truths [statements, inputs]."""
    ranks = values.argsort(0).argsort(0) + 1.0
    true = truths.sum(1)[:, None]
    false = truths.shape[1] - true
    sums = truths.astype(float) @ ranks
    return (sums - true * (true + 1) / 2) / (true * false)


Found = list[dict[str, Any]]


def screened(model: Any, tokenizer: Any) -> tuple[Found, Found]:
    """Each neuron with its heuristic and how well it tells it, best ones first; and for each
    statement that is claimed the neuron that tells it best.
    """
    x, y = (part.ravel() for part in np.meshgrid(np.arange(100), np.arange(100)))
    chosen = np.random.default_rng(0).random(x.size) < 0.5
    stated = [each for each in heuristics(x, y) if 0.1 <= each[2].mean() <= 0.9]
    truths = np.stack([truth for _, _, truth in stated])
    values = activations(model, tokenizer, x, y)
    fitted = auroc(values[chosen], truths[:, chosen])
    told = auroc(values[~chosen], truths[:, ~chosen])
    width = values.shape[1] // len(model.model.layers)

    def found(number: int, statement: int) -> dict[str, Any]:
        kind, text, _ = stated[statement]
        what = f"layer {number // width}, neuron {number % width}"
        score = float(told[statement, number])
        return {"what": what, "kind": kind, "heuristic": text, "auroc": score}

    neurons = [found(number, int(best)) for number, best in enumerate(fitted.argmax(0))]
    texts = [text for _, text, _ in stated]
    claimed = [found(int(fitted[place].argmax()), place) for place in map(texts.index, CLAIMED)]
    return sorted(neurons, key=lambda neuron: -neuron["auroc"]), claimed


def shares(neurons: Found) -> Found:
    """Which share of the neurons carries a heuristic of each kind, and of any."""
    told = [neuron["kind"] for neuron in neurons if neuron["auroc"] >= TOLD]
    kinds = [
        {"name": kind, "value": told.count(kind) / len(neurons)}
        for kind in ("range", "modulo", "pattern")
    ]
    return [*kinds, {"name": "any", "value": len(told) / len(neurons)}]


if __name__ == "__main__":
    [folder] = sys.argv[1:]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    neurons, claimed = screened(AutoModelForCausalLM.from_pretrained(folder), tokenizer)
    torch.manual_seed(0)
    untrained = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder))
    before = shares(screened(untrained, tokenizer)[0])
    result = {"trained": shares(neurons), "untrained": before, "claimed": claimed}
    print(json.dumps({**result, "neurons": neurons}))
