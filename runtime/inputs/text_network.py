"""A language model that plays a task through prompts: it answers with tokens, or with a class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from causalspec.compiler import (
    CausalModel,
    Column,
    Columns,
    PromptTemplate,
    RenderedPrompts,
    Task,
    TokenPosition,
    TokenRange,
    render,
    solve_columns,
    with_computed_slots,
)
from causalspec.dsl.diagnostics import Diagnostic, SpecError
from causalspec.runtime.engine.harvest_plan import HarvestRequest
from causalspec.runtime.engine.keeping import Needs, needs, united
from causalspec.runtime.engine.storage import MemoryBudget
from causalspec.runtime.engine.subjects import Subject
from causalspec.runtime.engine.text_subject import text_subjects
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.chats import rendered_chat
from causalspec.runtime.inputs.followed import Followed, as_said, followed_by, numbered
from causalspec.runtime.inputs.seen_texts import TextReader
from causalspec.runtime.inputs.spoken import Spoken, spoken_by
from causalspec.runtime.inputs.task_network import (
    CLASSES,
    DECLARED,
    VOCABULARY,
    Presentation,
    SeenToken,
    TaskNetwork,
    TokenKind,
)
from causalspec.runtime.inputs.token_examination import (
    PromptExamination,
    alike_error,
    examine_tokens,
)
from causalspec.runtime.inputs.token_places import TokenChoice, TokenPlaces, resolve
from causalspec.runtime.inputs.tokens import (
    TokenError,
    TokenizedPrompts,
    assemble,
    filler,
    tokenize,
)
from causalspec.runtime.networks.network import Network, random_network
from causalspec.runtime.sites.site import Site
from causalspec.runtime.untyped import as_list, numbered_rows
from causalspec.runtime.watch import Advance, Watcher, Work


@dataclass(frozen=True, eq=False)
class TextNetwork(TaskNetwork):
    """Any decoder, encoder with a masked word to guess, or classifier of texts.

    `only_declared` lets it choose among the task's answers alone, not the whole vocabulary.
    `memory` is what its activations may take while maps are fitted.
    """

    network: Network
    only_declared: bool = False
    memory: MemoryBudget | None = None

    @property
    def settings(self) -> FitSettings:
        return FitSettings()

    @property
    def answers(self) -> str:
        if self.only_declared:
            return DECLARED
        return CLASSES if self.network.answers_with_a_class else VOCABULARY

    def untrained(self, seed: int) -> TextNetwork:
        return replace(self, network=random_network(self.network, seed))

    def examined(self, task: Task, prompts: Sequence[str]) -> Iterator[PromptExamination]:
        backend: Any = getattr(self.network.tokenizer, "backend_tokenizer", None)
        # Of the library `tokenizers`, as nearly all are; what follows a prompt concerns decoders.
        if backend is not None and not self.network.reads_ahead:
            yield from examine_tokens(task, TextReader(backend, self.network.tokenizer), prompts)

    def _rendered(
        self, template: PromptTemplate, model: CausalModel, settings: Columns
    ) -> RenderedPrompts:
        if not template.turns:
            return render(template, model, settings)
        return rendered_chat(template, model, settings, self.network.tokenizer)

    def present(
        self,
        task: Task,
        settings: Columns,
        choices: Sequence[TokenChoice],
        prompt: str | None,
    ) -> TextPresentation:
        template = task.prompts[prompt] if prompt else next(iter(task.prompts.values()))
        task = task.asked_by(template.name)
        rendered = self._rendered(template, task.model, settings)
        positions = [position for choice in choices for position in choice.positions]
        rendered = with_computed_slots(rendered, positions, task.model, settings)
        spoken = spoken_by(
            self.network, task, only_declared=self.only_declared, marked=rendered.marked
        )
        prompts = tokenize(
            rendered,
            self.network.tokenizer,
            self.network.padding_side,
            limits=self.network.limits,
            keeps_end=self.network.reads_ahead,
        )
        prompts = spoken.asking(prompts)
        right = solve_columns(task.model, settings, wanted=task.model.outputs)
        correct = spoken.outputs(prompts.texts, right)
        first = TextPresentation(self.network, task, prompts, NOWHERE, correct, spoken, self.memory)
        own, numbers = first.forcing(torch.arange(prompts.rows), correct)
        numbers = numbers if numbers.ndim == 1 else numbers[:, 0]
        # Every prompt is followed by the beginning of its own answer, of several right ones by that
        # of the first.
        shown = replace(own, prompts=own.prompts.take(numbers), right=correct)
        shown = replace(shown, positions=_resolve(choices, shown.prompts, template))
        _require_apart(shown, template)
        return shown.telling_of_all()


NOWHERE = TokenPlaces({}, {})


@dataclass(frozen=True, eq=False)
class TextPresentation(Presentation):
    """Prompts, tokenized once, with the candidate positions in each."""

    network: Network = field(repr=False)
    task: Task = field(repr=False)
    prompts: TokenizedPrompts = field(repr=False)
    positions: TokenPlaces
    right: Tensor = field(repr=False)
    spoken: Spoken = field(repr=False)
    memory: MemoryBudget | None = None
    followed: Tensor | None = field(default=None, repr=False)

    def telling_of_all(self) -> TextPresentation:
        """The same with prompts more, where it takes several to tell of all right texts."""
        told, numbers = self.forcing(torch.arange(self.count), self.right)
        if numbers.ndim == 1:
            return self
        copied = torch.arange(told.count)
        rows, texts = (numbers >= self.count).nonzero(as_tuple=True)
        copied[numbers[rows, texts]] = rows
        return replace(told, followed=numbers[copied])

    @property
    def count(self) -> int:
        return self.prompts.rows

    def text(self, number: int) -> str:
        return self.prompts.texts[number]

    @property
    def alike(self) -> Tensor:
        return numbered_rows(self.prompts.ids.masked_fill(~self.prompts.mask, -1))

    @property
    def correct(self) -> Tensor:
        return self.right

    @property
    def forced(self) -> Tensor | None:
        return self.followed

    @property
    def outcomes(self) -> Tensor | None:
        return self.spoken.outcomes(self.prompts)

    @property
    def token_names(self) -> Mapping[TokenChoice, tuple[str, ...]]:
        return self.positions.names

    @property
    def places(self) -> Mapping[str, Tensor]:
        return {name: (columns >= 0).sum(1) for name, columns in self.positions.positions.items()}

    @property
    def run_lengths(self) -> Mapping[str, int]:
        return self.positions.run_lengths(self.prompts.length, self.network.reads_ahead)

    def subjects(
        self, groups: Sequence[tuple[Site, ...]], is_base: Tensor, watcher: Watcher
    ) -> Iterator[Subject]:
        bar = _Bar(watcher)
        subjects = text_subjects(
            self.network,
            replace(self.prompts, menus=self.spoken.menus(self.prompts)),
            self.positions.positions,
            groups,
            is_base,
            memory=self.memory,
            progress=bar.progress,
            notice=watcher.notice,
        )
        with bar:
            for subject in subjects:
                bar.close()
                if self.right.ndim == 3 and self.spoken.forces:
                    said = as_said(self.prompts, subject.predictions)
                    subject = replace(subject, kept=replace(subject.kept, predictions=said))
                yield subject

    def needs(self, groups: Sequence[tuple[Site, ...]], is_base: Tensor) -> Needs:
        every = united(groups)
        whole = HarvestRequest(self.prompts, self.positions.positions, every, is_base)
        return needs(self.network, whole, groups, self.memory or MemoryBudget())

    def outputs(self, inputs: Tensor, answers: Mapping[str, Column]) -> Tensor:
        numbers: list[int] = as_list(inputs)
        return self.spoken.outputs([self.prompts.texts[number] for number in numbers], answers)

    def forcing(self, inputs: Tensor, outputs: Tensor) -> tuple[TextPresentation, Tensor]:
        if not self.spoken.forces or outputs.shape[1] == 1:
            return self, inputs
        new, numbers = numbered(self.prompts, inputs, outputs)
        return self._with(new), numbers

    def _with(self, new: Mapping[Followed, int]) -> TextPresentation:
        """The same with prompts more, each one of these once more, followed by other tokens."""
        if not new:
            return self
        rows = torch.tensor([*range(self.count), *new.values()])
        again = self.prompts.take(rows)
        followed = [*followed_by(self.prompts), *(tokens for _, tokens in new)]
        prompts = assemble(
            again.texts,
            again.spans,
            again.encoded(),
            followed,
            filler(self.network.tokenizer, self.network.limits),
            self.network.padding_side,
        )
        moved = prompts.answer_positions[:, 0] - again.answer_positions[:, 0]
        positions = {
            name: torch.where(columns[rows] < 0, -1, columns[rows] + moved[:, None])
            for name, columns in self.positions.positions.items()
        }
        return replace(
            self,
            prompts=prompts,
            positions=TokenPlaces(positions, self.positions.names),
            right=self.right[rows],
            followed=None if self.followed is None else self.followed[rows],
        )

    def said(self, outputs: Tensor) -> str:
        return self.spoken.text(outputs)

    def answer_text(self, place: int, output: int) -> str:
        return self.spoken.text(torch.tensor([output]))

    @property
    def answers_with_tokens(self) -> bool:
        return not self.network.answers_with_a_class

    def tokens(self, number: int) -> tuple[SeenToken, ...]:
        prompts, tokenizer = self.prompts, self.network.tokenizer
        columns: list[int] = as_list(prompts.mask[number].nonzero()[:, 0])
        later_answers: list[int] = as_list(prompts.answer_positions[number, 1:])
        forced = (
            {column for column in later_answers if column >= 0}
            if self.spoken.forces
            else set[int]()
        )
        names: dict[int, list[str]] = {}
        for name, positions in self.positions.positions.items():
            for column in as_list(positions[number]):
                names.setdefault(column, []).append(name)
        found: list[SeenToken] = []
        for column in columns:
            start, end = as_list(prompts.offsets[number, column])
            kind = TokenKind.SPECIAL if start < 0 else TokenKind.TEXT
            kind = TokenKind.ANSWER if column in forced else kind
            token = int(prompts.ids[number, column])
            piece = str(tokenizer.convert_ids_to_tokens(token))
            text = prompts.texts[number][start:end] if start >= 0 else ""
            found.append(SeenToken(token, piece, text, kind, tuple(names.get(column, ()))))
        return tuple(found)


def _resolve(
    choices: Sequence[TokenChoice], prompts: TokenizedPrompts, template: PromptTemplate
) -> TokenPlaces:
    """Positions in every prompt; one that some prompt lacks is the spec's mistake."""
    try:
        return resolve(choices, prompts)
    except TokenError as error:
        every = [token for choice in choices for token in choice.tokens]
        culprit = next(key for key in every if _is_missing(key, prompts))
        end = culprit if isinstance(culprit, TokenPosition) else culprit.first
        found = Diagnostic("CS620", str(error), end.span or template.span, error.help)
        raise SpecError([found]) from error


def _require_apart(shown: TextPresentation, template: PromptTemplate) -> None:
    """Prompts that differ as text alone can't have different answers: labels would be noise."""
    right: list[list[int]] = as_list(shown.correct)
    first: dict[int, int] = {}
    for row, number in enumerate(as_list(shown.alike)):
        other = first.setdefault(number, row)
        if right[row] != right[other] and shown.text(row) != shown.text(other):
            wrong = alike_error(shown.task, template, shown.text(other), shown.text(row))
            raise SpecError([wrong])


def _is_missing(token: TokenPosition | TokenRange, prompts: TokenizedPrompts) -> bool:
    try:
        resolve([TokenChoice((token,))], prompts)
    except TokenError:
        return True
    return False


class _Bar(ExitStack):
    """The progress of the harvest that is running: one piece of work each, while it runs."""

    def __init__(self, watcher: Watcher) -> None:
        super().__init__()
        self._watcher = watcher
        self._advance: Advance | None = None
        self._told = 0

    def progress(self, done: int, total: int) -> None:
        if self._advance is None:
            self._advance = self.enter_context(self._watcher.work("reading activations", total))
        self._advance(done, "distinct prompts")
        self._watcher.done(Work(read=done - self._told))
        self._told = done

    def close(self) -> None:
        super().close()
        self._advance, self._told = None, 0
