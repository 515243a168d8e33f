"""Train the small Llama that `greater_than.causal` is about, and save it as a folder.

    python specs/greater_than/train.py models/greater_than

Trained on prompts with one of the right years each, drawn evenly: no intervention and no variable
takes part. Two digits are one token, as in GPT-2. Takes four minutes on one core.
"""

from __future__ import annotations

from pathlib import Path

from causalspec.runtime.making.training import Recipe
from causalspec.training_command import train_on_prompts

SPEC = Path(__file__).with_name("greater_than.causal")

if __name__ == "__main__":
    train_on_prompts(SPEC, Recipe(layers=3, width=64, heads=4, steps=1_500, batch=128, digits=2))
