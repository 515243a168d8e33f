"""A network that plays a task, whatever its kind: what a verification asks of it.

Language models read prompts and answer with tokens or a class, other networks read vectors and
answer with classes. Behind this interface lies every difference between the two.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from torch import Tensor

from causalspec.compiler import Column, Columns, Task
from causalspec.runtime.engine.keeping import Needs
from causalspec.runtime.engine.subjects import Subject
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.token_examination import PromptExamination
from causalspec.runtime.inputs.token_places import TokenChoice
from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.site import Site
from causalspec.runtime.watch import Watcher

VOCABULARY, DECLARED, CLASSES = "vocabulary", "declared", "classes"
"""What a network may choose its answers from."""


class TokenKind(StrEnum):
    """Where a token that the network is given comes from."""

    TEXT = "text"
    SPECIAL = "special"
    """The tokenizer puts it there."""
    ANSWER = "answer"
    """The beginning of the answer, of which what follows is asked."""


@dataclass(frozen=True, slots=True)
class SeenToken:
    """One token as the network is given it: `piece` as its tokenizer calls it, `text` what it
    stands for in the prompt, and the names of the positions that it is at.
    """

    number: int
    piece: str
    text: str
    kind: TokenKind
    at: tuple[str, ...]


class Presentation(ABC):
    """Settings of a task's inputs as one network receives them, numbered from 0."""

    @property
    def answers_with_tokens(self) -> bool:
        """Whether an answer's places are its tokens, not the task's outputs."""
        return False

    @property
    @abstractmethod
    def count(self) -> int:
        """How many inputs there are."""

    @abstractmethod
    def text(self, number: int) -> str:
        """What people read of an input."""

    def tokens(self, number: int) -> tuple[SeenToken, ...]:
        """The tokens of an input, none where it is a vector."""
        return ()

    @property
    @abstractmethod
    def alike(self) -> Tensor:
        """LongTensor [inputs]: a number for each input, the same where the network is given the
        same tokens or the same vector.
        """

    @property
    @abstractmethod
    def correct(self) -> Tensor:
        """LongTensor [inputs, answers]: the outputs (tokens or classes) that the task calls right,
        -1 beyond the last; [inputs, answers, texts] where any of several is right.
        """

    @property
    def forced(self) -> Tensor | None:
        """LongTensor [inputs, texts]: for each text of `correct` the input that is followed by its
        beginning, where one input does not tell of all.
        """
        return None

    @property
    def outcomes(self) -> Tensor | None:
        """LongTensor [outputs]: one number for the outputs that are right for the same answers;
        None where each stands for itself.
        """
        return None

    @property
    @abstractmethod
    def token_names(self) -> Mapping[TokenChoice, tuple[str, ...]]:
        """How sites name the tokens that each choice came to."""

    @property
    def places(self) -> Mapping[str, Tensor]:
        """LongTensor [inputs] for each token, as sites name it: in how many places it lies."""
        return {}

    @property
    def run_lengths(self) -> Mapping[str, int]:
        """How many positions a run has, at most, that starts at a token as sites name it."""
        return {}

    @abstractmethod
    def subjects(
        self, groups: Sequence[tuple[Site, ...]], is_base: Tensor, watcher: Watcher
    ) -> Iterator[Subject]:
        """Harvests that together serve every group of sites; each is to be dropped before the next.

        `is_base` is a BoolTensor [inputs]. Every input's own output is predicted.
        """

    @abstractmethod
    def needs(self, groups: Sequence[tuple[Site, ...]], is_base: Tensor) -> Needs:
        """What these harvests will take, where the network can be run from any layer on."""

    @abstractmethod
    def outputs(self, inputs: Tensor, answers: Mapping[str, Column]) -> Tensor:
        """LongTensor [rows, answers]: the outputs by which each of `inputs` [rows] would be
        answered with `answers`, a column of codes for each of the task's outputs; [rows, answers,
        texts] where any of several is right.
        """

    @abstractmethod
    def forcing(self, inputs: Tensor, outputs: Tensor) -> tuple[Presentation, Tensor]:
        """Inputs [rows] to be answered with `outputs` [rows, answers]: the presentation with those
        that are new, each followed by all of its answer but the end, and their numbers [rows]. For
        outputs [rows, answers, texts] of several tokens they are [rows, texts], -1 beyond the last.
        """

    @abstractmethod
    def said(self, outputs: Tensor) -> str:
        """A network's outputs [answers], or right texts [answers, texts], as people read them."""

    @abstractmethod
    def answer_text(self, place: int, output: int) -> str:
        """One output at one of an answer's places as people read it."""


class TaskNetwork(ABC):
    """A network that can be shown a task."""

    network: Network

    @property
    def name(self) -> str:
        """Where it came from."""
        return self.network.name

    @property
    def layers(self) -> range:
        """Every layer that a site may name."""
        return range(len(self.network.layers))

    @property
    @abstractmethod
    def settings(self) -> FitSettings:
        """How maps are fitted unless told otherwise."""

    @property
    def threads(self) -> int | None:
        """How many threads suit it, where torch's own choice does not."""
        return None

    @property
    def device(self) -> str:
        """Where it runs, for the manifest."""
        return str(self.network.device)

    @property
    def answers(self) -> str:
        """What it chooses its answers from, for the manifest."""
        return CLASSES

    def content_hash(self) -> str:
        """SHA-256 of configuration and weights."""
        return self.network.content_hash

    @abstractmethod
    def untrained(self, seed: int) -> TaskNetwork:
        """The same architecture, freshly initialised."""

    def knowing(self, task: Task) -> TaskNetwork:
        """The same network, which may have to know a task before it knows its own sites.

        Raises `NetworkError` where it cannot be shown it.
        """
        return self

    def examined(self, task: Task, prompts: Sequence[str]) -> Iterator[PromptExamination]:
        """What is remarkable about the named prompts of a task as this network sees them."""
        yield from ()

    @abstractmethod
    def present(
        self,
        task: Task,
        settings: Columns,
        choices: Sequence[TokenChoice],
        prompt: str | None,
    ) -> Presentation:
        """Show settings of the task's inputs, under a prompt of the task where it reads text.

        Raises `SpecError` where a token position or an answer does not exist for its tokenizer.
        """
