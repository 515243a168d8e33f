"""A network that plays a task, whatever its kind: what a verification asks of it.

Decoders read prompts and answer with a token, plain networks read vectors and answer with a
class. Behind this interface lies every difference between the two.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from torch import Tensor

from causalspec.compiler.evaluators.columns import Columns
from causalspec.compiler.specification import Task, TokenPosition, TokenRange
from causalspec.runtime.engine.subjects import Subject
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.token_examination import PromptExamination
from causalspec.runtime.watch import Watcher


class Presentation(ABC):
    """Settings of a task's inputs as one network receives them, numbered from 0."""

    @property
    @abstractmethod
    def count(self) -> int:
        """How many inputs there are."""

    @abstractmethod
    def text(self, number: int) -> str:
        """What people read of an input."""

    @property
    @abstractmethod
    def alike(self) -> Tensor:
        """LongTensor [inputs]: a number for each input, the same where the network is given the
        same tokens or the same vector.
        """

    @property
    @abstractmethod
    def correct(self) -> Tensor:
        """LongTensor [inputs]: the output (token or class) that the task calls right."""

    @property
    @abstractmethod
    def tokens(self) -> tuple[TokenPosition | None, ...]:
        """The candidate token columns; a network without tokens has the one column None."""

    @abstractmethod
    def subjects(
        self, layers: Sequence[int], is_base: Tensor, watcher: Watcher
    ) -> Iterator[Subject]:
        """Harvests that together serve every layer; each is to be dropped before the next.

        `is_base` is a BoolTensor [inputs]. Every input's own output is predicted.
        """

    @abstractmethod
    def outputs(self, inputs: Tensor, answers: Tensor) -> Tensor:
        """LongTensor [rows]: the output by which each of `inputs` [rows] would be answered with
        `answers` [rows], codes of the task's output.
        """

    @abstractmethod
    def said(self, output: int) -> str:
        """A network's output as people read it."""


class TaskNetwork(ABC):
    """A network that can be shown a task."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Where it came from."""

    @property
    @abstractmethod
    def site(self) -> str:
        """The one kind of site of the language that it has: `residual` or `hidden`."""

    @property
    @abstractmethod
    def layers(self) -> range:
        """Every layer that a site may name."""

    @property
    @abstractmethod
    def settings(self) -> FitSettings:
        """How maps are fitted unless told otherwise."""

    @property
    def threads(self) -> int | None:
        """How many threads suit it, where torch's own choice does not."""
        return None

    @property
    @abstractmethod
    def device(self) -> str:
        """Where it runs, for the manifest."""

    @abstractmethod
    def content_hash(self) -> str:
        """SHA-256 of configuration and weights."""

    @abstractmethod
    def untrained(self, seed: int) -> TaskNetwork:
        """The same architecture, freshly initialised."""

    def examined(self, task: Task, prompts: Sequence[str]) -> Iterator[PromptExamination]:
        """What is remarkable about the named prompts of a task as this network sees them."""
        yield from ()

    @abstractmethod
    def present(
        self,
        task: Task,
        settings: Columns,
        tokens: Sequence[TokenPosition | TokenRange],
        prompt: str | None,
    ) -> Presentation:
        """Show settings of the task's inputs, under a prompt of the task where it reads text.

        Raises `SpecError` where a token position or an answer does not exist for its tokenizer.
        """
