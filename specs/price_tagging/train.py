"""Train the small Llama that `price_tagging.causal` is about, and save it as a folder.

    python specs/price_tagging/train.py specs/price_tagging/network

Four layers of width 64, trained on prompts and right answers, the game's and those of
`lessons.causal`, and by interchange interventions to hold both boundaries where they are looked
for. Takes half an hour on one core.
"""

from __future__ import annotations

from pathlib import Path

from causalspec.runtime.making.training import Recipe
from causalspec.training_command import train_on_prompts

FOLDER = Path(__file__).parent

if __name__ == "__main__":
    train_on_prompts(
        FOLDER / "price_tagging.causal",
        Recipe(layers=4, width=64, heads=4, steps=2_200, planted_from=0.6),
        lessons=FOLDER / "lessons.causal",
        plants=["BothBoundariesAreComputed"],
    )
