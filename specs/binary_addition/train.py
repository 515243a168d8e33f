"""Train the recurrent networks that `binary_addition.causal` is about, and a sparse autoencoder of
the first one's states.

    python specs/binary_addition/train.py

Each learns the sums of all pairs of numbers by their right answers alone. What is made lies beside
the spec; all of it takes half a minute.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parent))

from adder import BITS, NETWORKS, WIDTH, Adder

SEEDS, STEPS = 3, 1_500
FEATURES, FEATURE_STEPS, SPARSITY = 24, 4_000, 3e-3


def sums() -> tuple[Tensor, Tensor]:
    """All pairs of numbers as vectors [256, 8], and the bits of their sums [256, 5]."""
    numbers = torch.arange(2**BITS)
    left, right = torch.meshgrid(numbers, numbers, indexing="ij")
    places = torch.arange(BITS + 1)
    left_bits, right_bits, total = (
        (value.reshape(-1, 1) >> places) & 1 for value in (left, right, left + right)
    )
    return torch.cat([left_bits[:, :BITS], right_bits[:, :BITS]], dim=1).float(), total


def trained(seed: int) -> Adder:
    """A network of all sums."""
    torch.manual_seed(seed)
    adder = Adder()
    vectors, right = sums()
    optimizer = torch.optim.AdamW(adder.parameters(), 1e-2, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=STEPS)
    for _ in range(STEPS):
        logits = adder(vectors).unflatten(1, (BITS + 1, 2))
        loss = functional.cross_entropy(logits.flatten(0, 1), right.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    said = adder(vectors).unflatten(1, (BITS + 1, 2)).argmax(2)
    print(f"seed {seed}: {float((said == right).all(1).float().mean()):.2%} of all sums are right")
    return adder.eval()


def autoencoder(adder: Adder) -> dict[str, Tensor]:
    """Features of the states of all steps, few of them active at once, as a file holds them."""
    torch.manual_seed(0)
    states: list[Tensor] = []
    for layer in adder.states:
        layer.register_forward_hook(lambda _module, _given, state: states.append(state.detach()))
    adder(sums()[0])
    vectors = torch.cat(states)
    encoder, decoder = nn.Linear(WIDTH, FEATURES), nn.Linear(FEATURES, WIDTH)
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], 3e-3)
    for _ in range(FEATURE_STEPS):
        features = torch.relu(encoder(vectors))
        lengths = decoder.weight.norm(dim=0)  # else small features with long directions are cheap
        wrong = (decoder(features) - vectors).pow(2).sum(1).mean()
        loss = wrong + SPARSITY * (features * lengths).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    lost = float(wrong.detach() / (vectors - vectors.mean(0)).pow(2).sum(1).mean())
    active = float((features > 0).float().sum(1).mean())
    print(f"autoencoder: {1 - lost:.2%} of the variance, {active:.1f} features active at once")
    return {
        "W_enc": encoder.weight.T.detach().contiguous(),
        "b_enc": encoder.bias.detach(),
        "W_dec": decoder.weight.T.detach().contiguous(),
        "b_dec": decoder.bias.detach(),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    NETWORKS.mkdir(exist_ok=True)
    for seed in range(SEEDS):
        adder = trained(seed)
        save_file(adder.state_dict(), NETWORKS / f"seed_{seed}.safetensors")
        if seed == 0:
            features = autoencoder(adder)
            save_file(features, Path(__file__).with_name("features.safetensors"))
