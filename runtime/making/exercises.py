"""What a network learns tasks from: their prompts, each with the right answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from causalspec.compiler import (
    Columns,
    PreparedPrompt,
    Sampler,
    Stream,
    Task,
    largest_remainder,
    populate,
    right_texts,
    solve_columns,
)
from causalspec.runtime.inputs.chats import rendered_chat
from causalspec.runtime.making.word_tokenizer import CHAT_TEMPLATE, word_tokenizer


@dataclass(frozen=True, slots=True)
class Exercise:
    """A prompt, and what the network should say to it: `answer`, or any that is `right`."""

    prompt: str
    answer: str
    right: tuple[str, ...] = ()
    """Every right answer, where there are several."""


class Exercises:
    """Exercises one after the other, a function of the seed and the purpose alone.

    Tasks have equal shares, and so have the prompts of a task. Inputs are drawn as each task says,
    and of several right answers one is, evenly.
    """

    def __init__(self, tasks: Sequence[Task], seed: int, purpose: str) -> None:
        stream = Stream.of(seed, "exercises", purpose)
        self._tasks = [
            (
                task,
                Sampler(populate(task.model, {}), stream.derive(task.name)),
                Random(f"{seed} {purpose} {task.name}"),
                [PreparedPrompt(prompt, task.model) for prompt in task.prompts.values()],
            )
            for task in tasks
        ]

    def take(self, count: int) -> list[Exercise]:
        """The next `count`, those of one prompt together."""
        shares = largest_remainder(count, [1] * len(self._tasks))
        return [
            exercise
            for (task, sampler, chooser, prompts), share in zip(self._tasks, shares, strict=True)
            for exercise in _rendered(task, sampler.take(share), chooser, prompts)
        ]


@cache
def _chats() -> Any:
    """What writes chats as the tokenizer of the network that is made will: it has their marks."""
    tokenizer = word_tokenizer(())
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def _rendered(
    task: Task, inputs: Columns, chooser: Random, prompts: Sequence[PreparedPrompt]
) -> Iterator[Exercise]:
    """An exercise a row; each of the task's prompts renders every so manieth."""
    (output,) = task.model.outputs
    for number, (prompt, prepared) in enumerate(zip(task.prompts.values(), prompts, strict=True)):
        mine = {name: codes[number :: len(task.prompts)] for name, codes in inputs.items()}
        right = solve_columns(task.model, mine, wanted=[output])[output]
        if prompt.turns:
            texts = rendered_chat(prompt, task.model, mine, _chats()).texts
        else:
            texts = prepared.render(mine).texts
        said = right_texts(task.asked_by(prompt.name), output, right)
        for text, answers in zip(texts, said, strict=True):
            if len(answers) == 1:
                yield Exercise(text, answers[0])
            else:
                yield Exercise(text, chooser.choice(answers), answers)
