"""Train the causal proxy that `reviews.causal` is about, and save it as a folder.

    python specs/reviews/train.py models/reviews-proxy

Trained on reviews and their stars, and by interchange interventions to hold the four opinions apart
where the claim looks for them. Takes two minutes on one core.
"""

from __future__ import annotations

from pathlib import Path

from causalspec.runtime.making.training import Recipe
from causalspec.training_command import train_on_prompts

SPEC = Path(__file__).with_name("reviews.causal")

if __name__ == "__main__":
    train_on_prompts(
        SPEC,
        Recipe(layers=3, width=32, heads=4, steps=800, batch=48, learning_rate=5e-3),
        plants=["EachOpinionCounts"],
    )
