"""How a network gives a task's answers: tokens that follow, tokens where masks are, or a class."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from causalspec.compiler.data.prompts import answer_texts
from causalspec.compiler.evaluators.columns import Column
from causalspec.compiler.specification import Task
from causalspec.dsl.diagnostics import Diagnostic, SpecError
from causalspec.dsl.source import Span
from causalspec.runtime.inputs.answers import (
    AnswerTokens,
    FindingKind,
    TokenFinding,
    answer_tokens,
)
from causalspec.runtime.inputs.classes import class_numbers
from causalspec.runtime.inputs.tokens import Menus, TokenError, TokenizedPrompts, check_ids
from causalspec.runtime.networks.kinds import NetworkKind
from causalspec.runtime.networks.network import Network
from causalspec.runtime.networks.places import NetworkError
from causalspec.runtime.untyped import as_list, decoded_all, distinct, from_array


class Spoken(ABC):
    """The outputs that stand for a task's answers."""

    forces = False
    """Whether an answer's tokens are asked one by one, those before it given."""

    def asking(self, prompts: TokenizedPrompts) -> TokenizedPrompts:
        """The prompts with where their answers are given."""
        return prompts

    @abstractmethod
    def outputs(self, texts: Sequence[str], answers: Mapping[str, Column]) -> Tensor:
        """LongTensor [rows, answers]: the outputs by which prompts would be answered; a column of
        codes for each of the task's outputs.
        """

    def menus(self, prompts: TokenizedPrompts) -> Menus | None:
        """What may be answered, where that is not everything."""
        return None

    @abstractmethod
    def text(self, outputs: Tensor) -> str:
        """Outputs [answers] as people read them."""


def spoken_by(network: Network, task: Task, *, only_declared: bool) -> Spoken:
    """How a network that reads text answers a task."""
    match network.kind:
        case NetworkKind.CLASSIFIER:
            return _Class(task, class_numbers(network, task))
        case NetworkKind.MASKED:
            return _Filled(network, task, only_declared)
        case _:
            return _Following(network, task, only_declared)


@dataclass(frozen=True, eq=False)
class _Tokens(Spoken):
    """Answers as tokens: with several outputs those of one after the other."""

    network: Network = field(repr=False)
    task: Task = field(repr=False)
    only_declared: bool

    def tokens(self, texts: Sequence[str], answers: Sequence[str]) -> AnswerTokens:
        """As `answer_tokens`."""
        return answer_tokens(self.network.tokenizer, texts, answers)

    def outputs(self, texts: Sequence[str], answers: Mapping[str, Column]) -> Tensor:
        span = _span(self.task)
        said = [answer_texts(self.task, name, answers[name]) for name in self.task.model.outputs]
        whole = ["".join(parts) for parts in zip(*said, strict=True)]
        try:
            found = self.tokens(texts, whole)
        except TokenError as error:
            raise SpecError([Diagnostic("CS621", str(error), span, error.help)]) from error
        ids: list[int] = [one for one in as_list(distinct(found.ids)[0]) if one >= 0]
        check_ids(ids, self.network.tokenizer, self.network.limits, "an answer")
        if found.findings:
            raise SpecError([_diagnostic(one, span) for one in found.findings])
        return found.ids

    def text(self, outputs: Tensor) -> str:
        return decoded_all(self.network.tokenizer, [one for one in as_list(outputs) if one >= 0])

    def menus(self, prompts: TokenizedPrompts) -> Menus | None:
        """The tokens that some declared answer goes on with after those that are given."""
        if not self.only_declared:
            return None
        every = _declared(self.task)
        texts = list(dict.fromkeys(prompts.texts))
        sequences = {
            text: [row for row in as_list(self.outputs([text] * len(every["rows"]), every["codes"]))]
            for text in texts[:1]
        }[texts[0]]
        asked = prompts.answer_positions
        given = prompts.ids.gather(1, asked.clamp(min=0)).masked_fill(asked < 0, -1)
        numbers: dict[tuple[int, ...], int] = {}
        rows: list[list[int]] = []
        for row in as_list(given):
            rows.append(
                [
                    numbers.setdefault(tuple(row[1 : place + 1]), len(numbers))
                    for place in range(len(row))
                ]
            )
        allowed = torch.zeros(len(numbers), self.network.limits.vocabulary, dtype=torch.bool)
        for prefix, number in numbers.items():
            for sequence in sequences:
                if len(sequence) > len(prefix) and tuple(sequence[: len(prefix)]) == prefix:
                    following = sequence[len(prefix)]
                    if following >= 0:
                        allowed[number, following] = True
            if not bool(allowed[number].any()):
                allowed[number] = True
        return Menus(torch.tensor(rows), allowed)


class _Following(_Tokens):
    """What a decoder says after the prompt."""

    forces = True


class _Filled(_Tokens):
    """What an encoder puts where the prompt has masks."""

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
        return answer_tokens(tokenizer, texts, answers, str(tokenizer.mask_token))


@dataclass(frozen=True, eq=False)
class _Class(Spoken):
    """The class that a classifier gives a text."""

    task: Task = field(repr=False)
    numbers: Mapping[int, int]
    """The class of each code of the output."""

    def outputs(self, texts: Sequence[str], answers: Mapping[str, Column]) -> Tensor:
        [output] = self.task.model.outputs
        codes: list[int] = answers[output].astype(np.int64).tolist()
        return torch.tensor([[self.numbers[code]] for code in codes]).view(-1, 1)

    def text(self, outputs: Tensor) -> str:
        [output] = self.task.model.outputs
        domain = self.task.model.by_name[output].domain
        meant = {number: code for code, number in self.numbers.items()}
        found = meant.get(int(outputs[0]))
        return f"class {int(outputs[0])}" if found is None else domain.text(found)


def _declared(task: Task) -> dict[str, Any]:
    """Every combination of values of the outputs, as columns."""
    domains = [task.model.by_name[name].domain for name in task.model.outputs]
    grids = np.meshgrid(*(np.array(list(one.codes())) for one in domains), indexing="ij")
    codes = {name: grid.ravel() for name, grid in zip(task.model.outputs, grids, strict=True)}
    return {"codes": codes, "rows": next(iter(codes.values()))}


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
        f"the answers {answers} are not told apart: both begin with the tokens `{finding.token}`",
        span,
        "let no answer be the beginning of another: end each with a full stop, say",
    )
