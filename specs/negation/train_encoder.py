"""Train a small encoder on the right answers of `negation.causal`, and save it as a folder.

    python specs/negation/train_encoder.py models/negation-encoder

A BERT of four layers reads both sentences at once and answers from a token before them, as those of
Geiger et al. 2020 do. No intervention and no variable takes part. Takes two minutes on one core.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from tokenizers.processors import TemplateProcessing
from torch.nn import functional
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from causalspec.compiler import load_specification
from causalspec.runtime import Exercises
from causalspec.runtime.making.exercises import Exercise
from causalspec.runtime.making.word_tokenizer import word_tokenizer

SPEC = Path(__file__).with_name("negation.causal")
ANSWERS = ("Yes", "No")
STEPS, BATCH, RATE = 1_200, 64, 1e-3
READ_FOR_WORDS, TESTED = 20_000, 2_000


def network(tokenizer: PreTrainedTokenizerFast) -> BertForSequenceClassification:
    """An untrained one."""
    return BertForSequenceClassification(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=4,
            num_attention_heads=4,
            max_position_embeddings=32,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            pad_token_id=tokenizer.pad_token_id,
            id2label=dict(enumerate(ANSWERS)),
        )
    )


def tokenizer_of(exercises: list[Exercise]) -> PreTrainedTokenizerFast:
    """Whole words, after a token that stands for the text."""
    tokenizer = word_tokenizer(exercise.prompt for exercise in exercises)
    tokenizer.add_special_tokens({"cls_token": "<cls>"})
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<cls> $A", special_tokens=[("<cls>", tokenizer.cls_token_id)]
    )
    return tokenizer


def main() -> None:
    """Train, save, and say what share of new inputs is answered rightly."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, help="where the network is saved")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    specification, _ = load_specification(SPEC)
    tasks = list(specification.tasks.values())
    tokenizer = tokenizer_of(Exercises(tasks, options.seed, "words").take(READ_FOR_WORDS))
    model = network(tokenizer)

    def logits_and_right(exercises: list[Exercise]) -> tuple[torch.Tensor, torch.Tensor]:
        texts = [exercise.prompt for exercise in exercises]
        encoded = tokenizer(texts, padding=True, padding_side="right", return_tensors="pt")
        right = [ANSWERS.index(exercise.answer.strip()) for exercise in exercises]
        return model(**encoded).logits, torch.tensor(right)

    lessons = Exercises(tasks, options.seed, "training")
    optimizer = torch.optim.AdamW(model.parameters(), RATE, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS)
    for _ in range(STEPS):
        loss = functional.cross_entropy(*logits_and_right(lessons.take(BATCH)))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    model.eval()
    with torch.no_grad():
        logits, right = logits_and_right(Exercises(tasks, options.seed, "test").take(TESTED))
    model.save_pretrained(options.folder)
    tokenizer.save_pretrained(options.folder)
    share = float((logits.argmax(1) == right).float().mean())
    print(f"{options.folder}: {share:.2%} of {TESTED:,} new inputs answered rightly")


if __name__ == "__main__":
    main()
