"""Train the small Llama that `city_attributes.causal` is about, and save it as a folder.

    python specs/city_attributes/train.py models/city_attributes

It learns the table by heart, from prompts and right answers, and by interchange interventions to
hold a city's attributes side by side at its name. Takes eight minutes on one core.
"""

from __future__ import annotations

from pathlib import Path

from causalspec.runtime.making.training import Recipe
from causalspec.training_command import train_on_prompts

SPEC = Path(__file__).with_name("city_attributes.causal")

if __name__ == "__main__":
    train_on_prompts(
        SPEC,
        Recipe(layers=4, width=64, heads=4, steps=800, learning_rate=4e-3),
        plants=["AttributesLieSideBySide"],
    )
