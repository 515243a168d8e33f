"""A decoder that plays a task through prompts: it answers with the token that it predicts next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from causalspec.compiler.data.prompts import answer_texts, render
from causalspec.compiler.evaluators.columns import Column, Columns
from causalspec.compiler.evaluators.vectorize import solve_columns
from causalspec.compiler.specification import PromptTemplate, Task, TokenPosition, TokenRange
from causalspec.dsl.diagnostics import Diagnostic, SpecError
from causalspec.dsl.source import Span
from causalspec.runtime.engine.decoder_subject import decoder_subjects
from causalspec.runtime.engine.subjects import Subject
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.answers import FindingKind, TokenFinding, answer_tokens
from causalspec.runtime.inputs.seen_texts import TextReader
from causalspec.runtime.inputs.task_network import Presentation, TaskNetwork
from causalspec.runtime.inputs.token_examination import (
    PromptExamination,
    alike_error,
    examine_tokens,
)
from causalspec.runtime.inputs.tokens import (
    TokenColumns,
    TokenError,
    TokenizedPrompts,
    check_ids,
    resolve,
    tokenize,
)
from causalspec.runtime.networks.network import Network, random_network
from causalspec.runtime.untyped import as_list, decoded, distinct, numbered_rows
from causalspec.runtime.watch import Advance, Watcher


@dataclass(frozen=True, eq=False)
class DecoderOnTask(TaskNetwork):
    """Any decoder that `load_network` loads."""

    network: Network

    @property
    def name(self) -> str:
        return self.network.name

    @property
    def site(self) -> str:
        return "residual"

    @property
    def layers(self) -> range:
        return range(len(self.network.layers))

    @property
    def settings(self) -> FitSettings:
        return FitSettings()

    @property
    def device(self) -> str:
        return str(self.network.device)

    def content_hash(self) -> str:
        return self.network.content_hash

    def untrained(self, seed: int) -> DecoderOnTask:
        return DecoderOnTask(random_network(self.network, seed))

    def examined(self, task: Task, prompts: Sequence[str]) -> Iterator[PromptExamination]:
        backend: Any = getattr(self.network.tokenizer, "backend_tokenizer", None)
        if backend is not None:  # of the library `tokenizers`, as nearly all are
            yield from examine_tokens(task, TextReader(backend), prompts)

    def present(
        self,
        task: Task,
        settings: Columns,
        tokens: Sequence[TokenPosition | TokenRange],
        prompt: str | None,
    ) -> DecoderPresentation:
        template = task.prompts[prompt] if prompt else next(iter(task.prompts.values()))
        prompts = tokenize(
            render(template, task.model, settings),
            self.network.tokenizer,
            limits=self.network.limits,
        )
        output = task.model.outputs[0]
        right = solve_columns(task.model, settings, wanted=[output])[output]
        shown = DecoderPresentation(
            self.network,
            task,
            prompts,
            _resolve(tokens, prompts, template),
            _answers(self.network, task, prompts.texts, right),
        )
        _require_apart(shown, template)
        return shown


@dataclass(frozen=True, eq=False)
class DecoderPresentation(Presentation):
    """Prompts, tokenized once, with the candidate positions in each."""

    network: Network = field(repr=False)
    task: Task = field(repr=False)
    prompts: TokenizedPrompts = field(repr=False)
    columns: TokenColumns
    right: Tensor = field(repr=False)

    @property
    def count(self) -> int:
        return self.prompts.rows

    def text(self, number: int) -> str:
        return self.prompts.texts[number]

    @property
    def alike(self) -> Tensor:
        ids = self.prompts.ids.masked_fill(~self.prompts.mask, -1)
        return numbered_rows(ids)

    @property
    def correct(self) -> Tensor:
        return self.right

    @property
    def tokens(self) -> tuple[TokenPosition | None, ...]:
        return self.columns.tokens

    def subjects(
        self, layers: Sequence[int], is_base: Tensor, watcher: Watcher
    ) -> Iterator[Subject]:
        bar = _Bar(watcher)
        subjects = decoder_subjects(
            self.network,
            self.prompts,
            self.columns,
            layers,
            is_base,
            progress=bar.progress,
            notice=watcher.notice,
        )
        with bar:
            for subject in subjects:
                bar.close()
                yield subject

    def outputs(self, inputs: Tensor, answers: Tensor) -> Tensor:
        numbers: list[int] = as_list(inputs)
        texts = [self.prompts.texts[number] for number in numbers]
        return _answers(self.network, self.task, texts, answers.numpy())

    def said(self, output: int) -> str:
        return decoded(self.network.tokenizer, output)


def _resolve(
    tokens: Sequence[TokenPosition | TokenRange],
    prompts: TokenizedPrompts,
    template: PromptTemplate,
) -> TokenColumns:
    """Positions in every prompt; one that some prompt lacks is the spec's mistake."""
    try:
        return resolve(tokens, prompts)
    except TokenError as error:
        culprit = next(one for one in tokens if _is_missing(one, prompts))
        end = culprit if isinstance(culprit, TokenPosition) else culprit.first
        found = Diagnostic("CS620", str(error), end.span or template.span, error.help)
        raise SpecError([found]) from error


def _require_apart(shown: DecoderPresentation, template: PromptTemplate) -> None:
    """Prompts that differ as text alone can't have different answers: labels would be noise."""
    right: list[int] = as_list(shown.correct)
    first: dict[int, int] = {}
    for row, number in enumerate(as_list(shown.alike)):
        other = first.setdefault(number, row)
        if right[row] != right[other] and shown.text(row) != shown.text(other):
            wrong = alike_error(shown.task, template, shown.text(other), shown.text(row))
            raise SpecError([wrong])


def _is_missing(token: TokenPosition | TokenRange, prompts: TokenizedPrompts) -> bool:
    try:
        resolve([token], prompts)
    except TokenError:
        return True
    return False


def _answers(network: Network, task: Task, texts: Sequence[str], codes: Column) -> Tensor:
    """The token that starts each answer; answers that it does not tell apart are a mistake."""
    output = task.model.outputs[0]
    template = task.answers.get(output)
    span = template.span if template is not None else next(iter(task.prompts.values())).span
    try:
        found = answer_tokens(network.tokenizer, texts, answer_texts(task, output, codes))
    except TokenError as error:
        raise SpecError([Diagnostic("CS621", str(error), span, error.help)]) from error
    said: list[int] = as_list(distinct(found.ids)[0])
    check_ids(said, network.tokenizer, network.limits, "an answer")
    wrong = [_diagnostic(one, span) for one in found.findings]
    if any(one is not None for one in wrong):
        raise SpecError([one for one in wrong if one is not None])
    return found.ids


def _diagnostic(finding: TokenFinding, span: Span) -> Diagnostic | None:
    """Why answers can't be read off one token; several tokens are no mistake by themselves."""
    answers = " and ".join(f"`{answer}`" for answer in finding.answers[:3])
    match finding.kind:
        case FindingKind.EMPTY:
            return Diagnostic("CS622", f"the answer {answers} has no token of its own", span)
        case FindingKind.COLLISION:
            return Diagnostic(
                "CS623",
                f"the answers {answers} start with the same token `{finding.token}`",
                span,
                "the network's answer is read off one token: choose words that are one token each",
            )
        case FindingKind.SEVERAL_TOKENS:
            return None


class _Bar(ExitStack):
    """The progress of the harvest that is running: one piece of work each, while it runs."""

    def __init__(self, watcher: Watcher) -> None:
        super().__init__()
        self._watcher = watcher
        self._advance: Advance | None = None

    def progress(self, done: int, total: int) -> None:
        if self._advance is None:
            self._advance = self.enter_context(self._watcher.work("reading activations", total))
        self._advance(done, "distinct prompts")

    def close(self) -> None:
        super().close()
        self._advance = None
