"""The data of one claim before one network: drawn, presented, and what it gets wrong left out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from causalspec.compiler.data.counterfactuals import InterchangePairs, generate
from causalspec.compiler.data.pairs import Rows
from causalspec.compiler.data.repeats import effective_number
from causalspec.compiler.specification import (
    Claim,
    CounterfactualDesign,
    Specification,
    Task,
    TokenPosition,
    TokenRange,
)
from causalspec.dsl.diagnostics import Diagnostic, SpecError, ToolFailure
from causalspec.runtime.engine.subjects import Interchanges, Subject
from causalspec.runtime.inputs.task_network import Presentation, TaskNetwork
from causalspec.runtime.report.text import wrong_answer
from causalspec.runtime.results.records import PairCounts, Score, WrongAnswer
from causalspec.runtime.scoring.trial import Trial, lay_out
from causalspec.runtime.untyped import as_list
from causalspec.runtime.watch import Watcher


class Untestable(ToolFailure):
    """The network cannot play the task well enough for the hypothesis to be tested on it.

    It answers none of the pairs that `count` counts; `wrong` shows some of its answers.
    """

    leaves_open = True

    def __init__(self, count: PairCounts, wrong: tuple[WrongAnswer, ...]) -> None:
        self.count, self.wrong = count, wrong
        said = "; ".join(wrong_answer(one) for one in wrong)
        super().__init__(
            f"the network answers base and source of no pair of `{count.split}` rightly"
            f"{': ' if said else ''}{said}",
            help="it does not play this task; `--keep-unanswered` scores the pairs all the same",
        )


SHOWN_ANSWERS = 3


@dataclass(frozen=True, eq=False)
class Experiment:
    """What a claim asks, resolved: the data's design and how the network is to be shown it.

    `keeps_unanswered` scores pairs, too, whose base or source the network answers wrongly.
    """

    claim: Claim
    task: Task
    design: CounterfactualDesign
    test_split: str
    keeps_unanswered: bool

    @property
    def fitting_prompt(self) -> str | None:
        return self.claim.fitted_on or self.claim.prompt

    def about(self, design: CounterfactualDesign) -> Experiment:
        """The same question about another design, a rival's say."""
        return replace(self, design=design)

    def draw(self, split: str) -> InterchangePairs:
        """The labelled pairs of a split. Raises `SpecError` where the design has no such split."""
        self.require(split)
        return generate(self.design, split)

    def require(self, split: str) -> None:
        """Raise `SpecError` where the design has no such split."""
        if split not in {one.name for one in self.design.splits}:
            message = f"`{self.design.name}` has no split `{split}`, which a claim is fitted with"
            advice = "alignments are fitted on `train` and chosen on `validation`"
            raise SpecError([Diagnostic("CS725", message, self.design.span, advice)])


def experiment(specification: Specification, claim: Claim, *, keeps_unanswered: bool) -> Experiment:
    """Look up what a claim names.

    Raises:
        SpecError: it asks for what this version cannot score.
    """
    span = claim.span
    task = specification.tasks[claim.model.task]
    (design, split), *more = claim.data
    if span is not None and more:
        message = "a claim over the mean of several data sets can't be scored yet"
        raise SpecError([Diagnostic("CS726", message, span, "make one claim for each data set")])
    if span is not None and len(task.model.outputs) != 1:
        message = f"`{task.name}` has {len(task.model.outputs)} outputs, and a network gives one"
        raise SpecError([Diagnostic("CS727", message, span)])
    return Experiment(claim, task, specification.counterfactuals[design], split, keeps_unanswered)


@dataclass(frozen=True, eq=False)
class Lot:
    """One split's usable pairs with the activations of the network that will be asked about them.

    `rows` are interchanges of inputs that `presentation` and `subject` number; `pairs` are the
    same rows as the compiler knows them, and `effective` how many of them count where repeated ones
    count once.
    """

    presentation: Presentation = field(repr=False)
    subject: Subject = field(repr=False)
    variables: tuple[str, ...]
    pairs: InterchangePairs = field(repr=False)
    rows: Interchanges = field(repr=False)
    count: PairCounts
    alike: NDArray[np.int64] = field(repr=False)
    """A number for each row, the same where the network is given the same pair."""
    wrong: tuple[WrongAnswer, ...] = ()
    """Some of the network's wrong answers, where it answers less than half of the pairs."""

    def score(self, agrees: Tensor) -> Score:
        """The score of rows that agree with their labels, a BoolTensor [rows]."""
        return Score(
            int(agrees.sum()), len(self.pairs), self.effective(slice(None)), self.count.drawn
        )

    def effective(self, rows: Rows) -> float:
        """How many pairs some rows count as, repeated ones counting once."""
        cells = self.pairs.kinds.astype(np.int64) * len(self.pairs.strata) + self.pairs.stratum
        return effective_number(self.alike[rows], cells[rows])


def harvest_lots(
    network: TaskNetwork,
    asked: Experiment,
    pairs: Sequence[InterchangePairs],
    layers: Sequence[int],
    tokens: Sequence[TokenPosition | TokenRange],
    prompt: str | None,
    watcher: Watcher,
) -> Iterator[tuple[Lot, ...]]:
    """Run the network over all splits once and yield a lot for each of them.

    Where memory is short it yields several times, each time for some of the layers; lots are then
    to be dropped before the next are asked for.

    Raises:
        Untestable: no pair of some split is left.
    """
    trial = lay_out(network, asked.task, pairs, tokens, prompt)
    for subject in trial.presentation.subjects(layers, trial.is_base, watcher):
        yield tuple(_lot(asked, trial, number, subject) for number in range(len(pairs)))


def _lot(asked: Experiment, trial: Trial, number: int, subject: Subject) -> Lot:
    pairs = trial.pairs[number]
    answered = trial.answered(number, subject.predictions)
    kept = torch.ones_like(answered) if asked.keeps_unanswered else answered
    wrong: tuple[WrongAnswer, ...] = ()
    if 2 * int(answered.sum()) < len(pairs):
        wrong = tuple(islice(_wrong_answers(trial, number, subject.predictions), SHOWN_ANSWERS))
    if not bool(kept.any()):
        none = PairCounts(asked.design.name, pairs.split, len(pairs), 0, 0, math.nan, 0)
        raise Untestable(none, wrong)
    used = kept.nonzero()[:, 0]
    selected = pairs.select(used.numpy())
    rows = trial.rows[number].take(used)
    alike = _alike(trial.presentation, rows, selected.kinds)
    count = PairCounts(
        design=asked.design.name,
        split=pairs.split,
        drawn=len(pairs),
        answered=int(answered.sum()),
        used=len(selected),
        floor=selected.floor,
        distinct=len(np.unique(alike)),
    )
    return Lot(trial.presentation, subject, trial.variables, selected, rows, count, alike, wrong)


def _wrong_answers(trial: Trial, number: int, predictions: Tensor) -> Iterator[WrongAnswer]:
    """The inputs of a split that are answered wrongly, each once, as drawn."""
    rows, shown = trial.rows[number], trial.presentation
    used = torch.cat([rows.bases[:, None], rows.origins], dim=1).flatten()
    for one in dict.fromkeys(as_list(used)):
        said, right = int(predictions[one]), int(shown.correct[one])
        if one >= 0 and said != right:
            yield WrongAnswer(shown.text(one), shown.said(said), shown.said(right))


def _alike(presentation: Presentation, rows: Interchanges, kinds: NDArray[np.int32]) -> Any:
    """A number for each row, the same where kind, base and sources are for the network."""
    inputs: NDArray[np.int64] = presentation.alike.numpy()
    origins: NDArray[np.int64] = rows.origins.numpy()
    sources = np.where(origins >= 0, inputs[origins], -1)
    whole = np.column_stack([inputs[rows.bases.numpy()], sources, kinds.astype(np.int64)])
    return np.unique(whole, axis=0, return_inverse=True)[1].reshape(-1)
