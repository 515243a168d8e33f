"""How a network gives a task's answers: tokens that follow, tokens where masks are, or a class."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from causalspec.compiler import Column, Task, answer_texts, right_texts
from causalspec.dsl.diagnostics import Diagnostic, SpecError
from causalspec.dsl.source import Span
from causalspec.runtime.engine.right_answers import first_tokens, outcomes_of, with_answers
from causalspec.runtime.engine.right_texts import Text, as_labels, texts_of, without_longer
from causalspec.runtime.inputs.answers import (
    AnswerTokens,
    FindingKind,
    TokenFinding,
    answer_tokens,
    mixed_tokens,
    padded,
)
from causalspec.runtime.inputs.classes import class_numbers
from causalspec.runtime.inputs.followed import following
from causalspec.runtime.inputs.menus import Menus, declared_menus
from causalspec.runtime.inputs.tokens import TokenError, TokenizedPrompts, check_ids
from causalspec.runtime.networks.kinds import NetworkKind
from causalspec.runtime.networks.network import Network
from causalspec.runtime.networks.places import NetworkError
from causalspec.runtime.untyped import as_list, decoded_all, distinct

_SHOWN = 2
"""So many of several right answers are shown."""


class Spoken(ABC):
    """The outputs that stand for a task's answers."""

    task: Task

    forces = False
    """Whether an answer's tokens are asked one by one, those before it given."""

    @property
    @abstractmethod
    def choices(self) -> int:
        """How many outputs the network has."""

    def asking(self, prompts: TokenizedPrompts) -> TokenizedPrompts:
        """The prompts with where their answers are given."""
        return prompts

    @abstractmethod
    def outputs(self, texts: Sequence[str], answers: Mapping[str, Column]) -> Tensor:
        """LongTensor [rows, answers]: the outputs by which prompts would be answered; a column of
        codes for each of the task's outputs. [rows, answers, texts] where it calls several right.
        """

    def menus(self, prompts: TokenizedPrompts) -> Menus | None:
        """What may be answered, where that is not everything."""
        return None

    def outcomes(self, prompts: TokenizedPrompts) -> Tensor | None:
        """As `Presentation.outcomes`."""
        if not has_several_right(self.task):
            return None
        columns = _declared(self.task)
        count = len(next(iter(columns.values())))
        right = self.outputs([prompts.texts[0]] * count, columns)
        return outcomes_of(first_tokens(right), self.choices)

    def text(self, outputs: Tensor) -> str:
        """Outputs [answers], or all right texts [answers, texts], as people read them."""
        if outputs.ndim == 1:
            return self.one_text(outputs)
        right = [text for text in outputs.T if text[0] >= 0]
        shown = [self.one_text(text) for text in right[:_SHOWN]]
        if len(right) > _SHOWN:
            shown.append(f"{len(right) - _SHOWN} more")
        return " or ".join(shown)

    @abstractmethod
    def one_text(self, outputs: Tensor) -> str:
        """Outputs [answers] as people read them."""


def spoken_by(network: Network, task: Task, *, only_declared: bool, marked: bool = False) -> Spoken:
    """How a network that reads text answers a task; `marked` as of `RenderedPrompts`."""
    match network.kind:
        case NetworkKind.CLASSIFIER:
            return _Class(network, task, class_numbers(network, task), only_declared)
        case NetworkKind.MASKED:
            return _Filled(network, task, only_declared, marked)
        case _:
            return _Following(network, task, only_declared, marked)


@dataclass(frozen=True, eq=False)
class _Tokens(Spoken):
    """Answers as tokens: with several outputs those of one after the other."""

    network: Network = field(repr=False)
    task: Task = field(repr=False)
    only_declared: bool
    marked: bool

    @property
    def choices(self) -> int:
        return self.network.limits.vocabulary

    def tokens(self, texts: Sequence[str], answers: Sequence[str]) -> AnswerTokens:
        """As `answer_tokens`."""
        return answer_tokens(self.network.tokenizer, texts, answers, marked=self.marked)

    def outputs(self, texts: Sequence[str], answers: Mapping[str, Column]) -> Tensor:
        if has_several_right(self.task):
            [output] = self.task.model.outputs
            right = right_texts(self.task, output, answers[output])
            return self._any_of(texts, right)
        said = [answer_texts(self.task, name, answers[name]) for name in self.task.model.outputs]
        whole = ["".join(parts) for parts in zip(*said, strict=True)]
        found = self._known_tokens(texts, whole)
        if found.findings:
            span = _span(self.task)
            raise SpecError([_diagnostic(finding, span) for finding in found.findings])
        return found.ids

    def _known_tokens(self, texts: Sequence[str], answers: Sequence[str]) -> AnswerTokens:
        """Tokens of answers, each of which the network has."""
        try:
            found = self.tokens(texts, answers)
        except TokenError as error:
            told = Diagnostic("CS621", str(error), _span(self.task), error.help)
            raise SpecError([told]) from error
        ids: list[int] = [token for token in as_list(distinct(found.ids)[0]) if token >= 0]
        check_ids(ids, self.network.tokenizer, self.network.limits, "an answer")
        return found

    def _any_of(self, texts: Sequence[str], right: Sequence[tuple[str, ...]]) -> Tensor:
        """The tokens [rows, answers, texts] of answers of which any is right."""
        several = [
            (text, answer) for text, some in zip(texts, right, strict=True) for answer in some
        ]
        found = self._known_tokens([text for text, _ in several], [answer for _, answer in several])
        span = _span(self.task)
        tokens: list[Text] = [
            tuple(token for token in row if token >= 0) for row in as_list(found.ids)
        ]
        answers = [answer for _, answer in several]
        if () in tokens:
            empty = TokenFinding(FindingKind.EMPTY, (answers[tokens.index(())],), "")
            raise SpecError([_diagnostic(empty, span)])
        mixed = mixed_tokens(answers, tokens, right)
        if mixed is not None:
            alike, longer = mixed
            finding = TokenFinding(FindingKind.COLLISION, alike, self.text(torch.tensor(longer)))
            raise SpecError([_diagnostic(finding, span)])
        rest = iter(tokens)
        # Texts that are the same tokens are one answer: its probability counts once.
        return as_labels([without_longer(islice(rest, len(some))) for some in right])

    def one_text(self, outputs: Tensor) -> str:
        return decoded_all(
            self.network.tokenizer, [token for token in as_list(outputs) if token >= 0]
        )

    def menus(self, prompts: TokenizedPrompts) -> Menus | None:
        """The tokens that some declared answer goes on with after those that are given."""
        if not self.only_declared:
            return None
        columns = _declared(self.task)
        count = len(next(iter(columns.values())))
        answers = self.outputs([prompts.texts[0]] * count, columns)
        if answers.ndim == 3:
            sequences = list({text for texts in texts_of(answers) for text in texts})
        else:
            sequences = [[token for token in row if token >= 0] for row in as_list(answers)]
        return declared_menus(self.given(prompts), sequences, self.choices)

    def given(self, prompts: TokenizedPrompts) -> Tensor:
        """The tokens [rows, answers] of its answer that each prompt is followed by, then -1."""
        return torch.full_like(prompts.answer_positions, -1)


class _Following(_Tokens):
    """The tokens that a decoder continues a prompt with."""

    forces = True

    def given(self, prompts: TokenizedPrompts) -> Tensor:
        return with_answers(following(prompts), prompts.answer_positions.shape[1])


class _Filled(_Tokens):
    """The tokens that an encoder fills the masks of a prompt with."""

    def asking(self, prompts: TokenizedPrompts) -> TokenizedPrompts:
        mask: Any = self.network.tokenizer.mask_token_id
        is_mask = (prompts.ids == mask) & prompts.mask
        counts = is_mask.sum(1)
        if not int(counts.min()):
            row = int(counts.argmin())
            name = self.network.tokenizer.mask_token
            raise NetworkError(
                f"`{self.network.name}` fills in `{name}`, which the prompt "
                f"`{prompts.texts[row]}` does not hold",
                help=f"write `{name}` in the prompt where the answer belongs",
            )
        most = int(counts.max())
        order = (~is_mask).long().argsort(dim=1, stable=True)[:, :most]
        places = torch.where(torch.arange(most) < counts[:, None], order, -1)
        return replace(prompts, answer_positions=places)

    def tokens(self, texts: Sequence[str], answers: Sequence[str]) -> AnswerTokens:
        tokenizer = self.network.tokenizer
        mask = str(tokenizer.mask_token)
        return answer_tokens(tokenizer, texts, answers, mask, marked=self.marked)


@dataclass(frozen=True, eq=False)
class _Class(Spoken):
    """The class that a classifier gives a text."""

    network: Network = field(repr=False)
    task: Task = field(repr=False)
    numbers: Mapping[int, tuple[int, ...]]
    """The classes of each code of the output, several where several texts are right."""
    only_declared: bool

    @property
    def choices(self) -> int:
        configuration: Any = self.network.model.config
        return configuration.num_labels

    def outputs(self, texts: Sequence[str], answers: Mapping[str, Column]) -> Tensor:
        [output] = self.task.model.outputs
        codes: list[int] = answers[output].astype(np.int64).tolist()
        found = padded(self.numbers[code] for code in codes)
        return found[:, None] if has_several_right(self.task) else found

    def menus(self, prompts: TokenizedPrompts) -> Menus | None:
        """The classes that stand for some value."""
        if not self.only_declared:
            return None
        allowed = torch.zeros(1, self.choices, dtype=torch.bool)
        allowed[0, [number for some in self.numbers.values() for number in some]] = True
        return Menus(torch.zeros(prompts.rows, 1, dtype=torch.long), allowed)

    def one_text(self, outputs: Tensor) -> str:
        [output] = self.task.model.outputs
        domain = self.task.model.by_name[output].domain
        meant = {number: code for code, some in self.numbers.items() for number in some}
        found = meant.get(int(outputs[0]))
        return f"class {int(outputs[0])}" if found is None else domain.text(found)


def has_several_right(task: Task) -> bool:
    """Whether some answer of a task may be given by any of several texts."""
    return any(template.any for template in task.answers.values())


def _declared(task: Task) -> dict[str, Column]:
    """Every combination of values of the outputs, as columns."""
    domains = [task.model.by_name[name].domain for name in task.model.outputs]
    grids = np.meshgrid(*(np.array(domain.codes()) for domain in domains), indexing="ij")
    return {name: grid.ravel() for name, grid in zip(task.model.outputs, grids, strict=True)}


def _span(task: Task) -> Span:
    template = task.answers.get(task.model.outputs[0])
    return template.span if template is not None else next(iter(task.prompts.values())).span


def _diagnostic(finding: TokenFinding, span: Span) -> Diagnostic:
    """Why answers can't be told apart, or have no tokens at all."""
    answers = " and ".join(f"`{answer}`" for answer in finding.answers[:3])
    if finding.kind is FindingKind.EMPTY:
        return Diagnostic("CS622", f"the answer {answers} has no token of its own", span)
    return Diagnostic(
        "CS623",
        f"the answers {answers} are not told apart by their tokens, `{finding.token}`",
        span,
        "let no answer be the beginning of another: end each with a full stop, say",
    )
