"""A small decoder learns tasks from their prompts and right answers.

Unless a hypothesis is planted in it, no intervention and no variable takes part: what the network
comes to compute on the way to its answers is for `verify` to find out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, cos, pi
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from causalspec.compiler import Task
from causalspec.runtime.inputs.text_network import TextNetwork
from causalspec.runtime.making.exercises import Exercise, Exercises
from causalspec.runtime.making.pace import Pace
from causalspec.runtime.making.planting import InterchangeLessons, Planted
from causalspec.runtime.making.truth import TrueSite
from causalspec.runtime.making.word_tokenizer import CHAT_TEMPLATE, word_tokenizer
from causalspec.runtime.networks.network import wrap_network
from causalspec.runtime.untyped import as_list, seeded
from causalspec.runtime.watch import Unwatched, Watcher

_READ_FOR_WORDS = 20_000
_TESTED_AT_ONCE = 500
_UNLEARNED = -100  # the label of a token that is not to be predicted, in transformers' losses


@dataclass(frozen=True, slots=True)
class Recipe:
    """Sizes of a Llama, and how it is trained: by AdamW, its rate rising over a twentieth of the
    steps, then falling to nothing as a cosine (Loshchilov and Hutter, arXiv 1608.03983).

    At most so many neighbouring `digits` are one token. `planted_from` is the share of the steps
    after which interchanges are taught, too, where there are any.
    """

    steps: int
    batch: int = 128
    layers: int = 4
    width: int = 64
    heads: int = 4
    digits: int = 1
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    planted_from: float = 0.3
    seed: int = 0

    def share_of_rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0, as a share of the highest."""
        rising = max(1, self.steps // 20)
        if step < rising:
            return (step + 1) / rising
        return (1 + cos(pi * (step - rising) / (self.steps - rising))) / 2


@dataclass(frozen=True, eq=False)
class TrainedDecoder:
    """A network with the tokenizer that was made for it, and where variables were planted in it."""

    model: LlamaForCausalLM
    tokenizer: PreTrainedTokenizerFast
    sites: tuple[TrueSite, ...] = ()

    def save(self, folder: Path) -> None:
        """As a folder that `--network` takes."""
        untyped: Any = self.model
        untyped.save_pretrained(folder)
        self.tokenizer.save_pretrained(str(folder))  # pyright: ignore[reportUnknownMemberType]

    def share_right(self, exercises: Sequence[Exercise]) -> float:
        """How many it answers rightly by itself: every token of the answer is its likeliest, and
        where several answers are right, of one of them.
        """
        return sum(self._is_right(exercises)) / len(exercises)

    def _is_right(self, exercises: Sequence[Exercise]) -> list[bool]:
        found: list[bool] = []
        for start in range(0, len(exercises), _TESTED_AT_ONCE):
            batch = _encoded(self.tokenizer, exercises[start : start + _TESTED_AT_ONCE])
            device = self.model.device
            inputs = {name: tensor.to(device) for name, tensor in batch.inputs.items()}
            with torch.no_grad():
                said = self.model(**inputs).logits[:, :-1].argmax(-1).cpu()
            wanted = batch.labels[:, 1:]
            found += as_list(((said == wanted) | (wanted == _UNLEARNED)).all(1))
        # What was not drawn may have been right as well.
        others = [
            (number, Exercise(exercise.prompt, answer))
            for number, exercise in enumerate(exercises)
            for answer in exercise.right
            if not found[number] and answer != exercise.answer
        ]
        if others:
            again = self._is_right([exercise for _, exercise in others])
            for (number, _), is_right in zip(others, again, strict=True):
                found[number] = found[number] or is_right
        return found


def train_decoder(
    tasks: Sequence[Task],
    recipe: Recipe,
    planted: Planted | None = None,
    watcher: Watcher | None = None,
) -> TrainedDecoder:
    """A Llama trained on the tasks' exercises, and on the interchanges of what is `planted`; the
    same one for the same arguments and machine.

    Its tokens are the words of the prompts and answers (`word_tokenizer`); of chats, those of a
    template that leads each turn by its role.
    """
    watcher = watcher or Unwatched()
    tokenizer = word_tokenizer(
        (
            text
            for exercise in Exercises(tasks, recipe.seed, "words").take(_READ_FOR_WORDS)
            for text in (exercise.prompt, exercise.answer)
        ),
        recipe.digits,
    )
    if any(prompt.turns for task in tasks for prompt in task.prompts.values()):
        tokenizer.chat_template = CHAT_TEMPLATE
    with seeded(recipe.seed):
        model = LlamaForCausalLM(_configuration(recipe, tokenizer))
    trained = TrainedDecoder(model, tokenizer)
    lessons: InterchangeLessons | None = None
    if planted is not None:
        network = wrap_network("the network that is trained", model, tokenizer)
        lessons = InterchangeLessons(TextNetwork(network), planted, recipe.seed)
        model.requires_grad_(True)
        for notice in lessons.notices:
            watcher.notice(notice)
    exercises = Exercises(tasks, recipe.seed, "training")
    optimizer = torch.optim.AdamW(
        model.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, recipe.share_of_rate)
    taught_from = recipe.planted_from * recipe.steps if lessons is not None else 0
    with watcher.work("training", recipe.steps) as advance:
        pace = Pace(watcher, advance, recipe.steps, ceil(taught_from))
        for step in range(recipe.steps):
            batch = _encoded(tokenizer, exercises.take(recipe.batch))
            loss = model(**batch.inputs, labels=batch.labels).loss
            if lessons is not None and step >= taught_from:
                loss = loss + lessons.loss(recipe.batch)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()  # pyright: ignore[reportUnknownMemberType] # torch's own
            schedule.step()
            pace.advance(step + 1, loss.item())
    model.eval()
    return replace(trained, sites=lessons.sites if lessons is not None else ())


def _configuration(recipe: Recipe, tokenizer: Any) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=recipe.width,
        intermediate_size=2 * recipe.width,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        max_position_embeddings=128,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        eos_token_id=None,
    )


@dataclass(frozen=True, eq=False)
class _Encoded:
    """Prompts with their answers; `labels` are the answers' tokens alone, [rows, tokens]."""

    inputs: dict[str, Tensor]
    labels: Tensor


def _encoded(tokenizer: PreTrainedTokenizerFast, exercises: Sequence[Exercise]) -> _Encoded:
    untyped: Any = tokenizer
    texts = [exercise.prompt + exercise.answer for exercise in exercises]
    encoded = untyped(
        texts, padding=True, padding_side="right", return_offsets_mapping=True, return_tensors="pt"
    )
    ids, mask = encoded["input_ids"], encoded["attention_mask"]
    ends = torch.tensor([len(exercise.prompt) for exercise in exercises])
    learned = (encoded["offset_mapping"][:, :, 0] >= ends[:, None]) & (mask == 1)
    return _Encoded(
        {"input_ids": ids, "attention_mask": mask}, ids.masked_fill(~learned, _UNLEARNED)
    )
