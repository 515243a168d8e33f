"""The data of one claim before one network: drawn, presented, and what it gets wrong left out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from causalspec.compiler import (
    Claim,
    CounterfactualDesign,
    InterchangePairs,
    Rows,
    Specification,
    Task,
    effective_number,
    generate,
)
from causalspec.dsl.diagnostics import Diagnostic, SpecError, ToolFailure
from causalspec.runtime.engine.interchanges import joined
from causalspec.runtime.engine.right_answers import agreement
from causalspec.runtime.engine.subjects import Interchanges, Subject
from causalspec.runtime.inputs.encoded_splits import (
    EncodedSplit,
    EncodedSplits,
    lay_out,
    swapped_variables,
)
from causalspec.runtime.inputs.task_network import Presentation, TaskNetwork
from causalspec.runtime.inputs.token_places import TokenChoice
from causalspec.runtime.inputs.written_values import with_values
from causalspec.runtime.report.text import wrong_answer
from causalspec.runtime.results.clusters import Reuse, effective_pairs
from causalspec.runtime.results.estimates import Score, mean_of
from causalspec.runtime.results.records import PairCounts, WrongAnswer
from causalspec.runtime.sites.site import Site
from causalspec.runtime.untyped import as_list
from causalspec.runtime.watch import Watcher


class Untestable(ToolFailure):
    """The network cannot play the task well enough for the hypothesis to be tested on it.

    It answers none of the pairs that `count` counts; `wrong` shows some of its answers.
    """

    leaves_open = True

    def __init__(self, count: PairCounts, wrong: tuple[WrongAnswer, ...]) -> None:
        self.count, self.wrong = count, wrong
        said = "; ".join(wrong_answer(answer) for answer in wrong)
        super().__init__(
            f"the network answers base and source of no pair of `{count.split}` rightly"
            f"{': ' if said else ''}{said}",
            help="it does not play this task; `--keep-unanswered` scores the pairs all the same",
        )


SHOWN_ANSWERS = 3


@dataclass(frozen=True, eq=False)
class Experiment:
    """What a claim is tested on: its task, the designs of its data, and the splits that are scored.

    `test_splits` has the split of each design that scores are taken on. `keeps_unanswered` scores
    pairs, too, whose base or source the network answers wrongly.
    """

    claim: Claim
    task: Task
    designs: tuple[CounterfactualDesign, ...]
    test_splits: tuple[str, ...]
    keeps_unanswered: bool
    values: Mapping[str, int] = field(default_factory=dict[str, int])
    """The codes of variables that are given a value of their own instead of a source's."""

    @property
    def fitting_prompt(self) -> str | None:
        """The prompt under which maps are fitted and chosen."""
        return self.claim.fitted_on or self.claim.prompt

    @property
    def variables(self) -> tuple[str, ...]:
        """Every variable that is swapped, in a source's own run, too."""
        return swapped_variables(self.designs)

    def about(self, designs: Sequence[CounterfactualDesign]) -> Experiment:
        """The same question about other designs, a rival's say."""
        return replace(self, designs=tuple(designs))

    def draw(self, split: str) -> list[InterchangePairs]:
        """The labelled pairs of a split of every design.

        Raises `SpecError` where a design has no such split.
        """
        self.require(split)
        return [generate(design, split) for design in self.designs]

    def draw_test(self) -> list[InterchangePairs]:
        """The labelled pairs that scores are taken on."""
        splits = zip(self.designs, self.test_splits, strict=True)
        return [with_values(generate(design, split), self.values) for design, split in splits]

    def writing(self, values: Mapping[str, int]) -> Experiment:
        """The same question about values that are written instead of swapped."""
        return replace(self, values=values)

    def require(self, split: str) -> None:
        """Raise `SpecError` where a design has no such split."""
        for design in self.designs:
            if split not in {offered.name for offered in design.splits}:
                message = f"`{design.name}` has no split `{split}`, which a claim is fitted with"
                advice = "alignments are fitted on `train` and chosen on `validation`"
                raise SpecError([Diagnostic("CS725", message, design.span, advice)])


def experiment_of(
    specification: Specification, claim: Claim, *, keeps_unanswered: bool
) -> Experiment:
    """Look up what a claim names."""
    task = specification.tasks[claim.model.task]
    designs = tuple(specification.counterfactuals[name] for name, _ in claim.data)
    splits = tuple(split for _, split in claim.data)
    return Experiment(claim, task, designs, splits, keeps_unanswered)


@dataclass(frozen=True, eq=False)
class PreparedSplit:
    """One split's usable pairs with the activations of the network that is run on them.

    `rows` are interchanges of inputs that `encoded.presentation` and `subject` number, and
    `own_bases` [rows] their bases followed by their own answers; `pairs` are the same rows as the
    compiler knows them.
    """

    encoded: EncodedSplits = field(repr=False)
    subject: Subject = field(repr=False)
    pairs: InterchangePairs = field(repr=False)
    rows: Interchanges = field(repr=False)
    own_bases: Tensor = field(repr=False)
    count: PairCounts
    alike: NDArray[np.int64] = field(repr=False)
    """A number for each row, the same where the network is given the same pair."""
    inputs: NDArray[np.int64] = field(repr=False)
    """What the network is given as base and sources [rows, roles], -1 where there is none."""
    wrong: tuple[WrongAnswer, ...] = ()
    """Some of the network's wrong answers, where it answers less than half of the pairs."""
    values: Mapping[str, int] = field(default_factory=dict[str, int])
    """As in `Experiment`: what test pairs are scored with."""

    @property
    def presentation(self) -> Presentation:
        """The inputs as the network is given them."""
        return self.encoded.presentation

    @property
    def own_runs(self) -> Tensor:
        """The bases [rows] followed by their own answers, or [rows, texts] by each right text."""
        forced = self.presentation.forced
        return self.own_bases if forced is None else forced[self.own_bases]

    def take(self, rows: Tensor) -> PreparedSplit:
        """The numbered rows alone; how many were drawn stays."""
        return replace(
            self,
            pairs=self.pairs.select(rows.numpy()),
            rows=self.rows.take(rows),
            own_bases=self.own_bases[rows],
            alike=self.alike[rows.numpy()],
            inputs=self.inputs[rows.numpy()],
        )

    def score(self, agrees: Tensor, among: Tensor | None = None) -> Score:
        """The score of rows that agree with their labels, a BoolTensor [rows], of all or of those
        in `among`.
        """
        if among is None:
            effective = self.effective(agrees, slice(None))
            return Score(int(agrees.sum()), len(self.pairs), effective, self.count.drawn)
        effective = self.effective(agrees, among.numpy())
        return Score(int((agrees & among).sum()), int(among.sum()), effective)

    def effective(self, values: Tensor, rows: Rows) -> float:
        """How many independent pairs the mean of `values` [all rows] over some rows rests on:
        repeated pairs count once, and those that share a base or a source as `effective_pairs`
        says.
        """
        numbers = values.detach().cpu().double().numpy()
        reuse = self.reuse(rows)
        return effective_pairs(numbers[rows], reuse.inputs, reuse.distinct, reuse.population)

    def reuse(self, rows: Rows = slice(None)) -> Reuse:
        """How some rows share inputs."""
        cells = self.pairs.kinds.astype(np.int64) * len(self.pairs.strata) + self.pairs.stratum
        distinct = effective_number(self.alike[rows], cells[rows])
        model = self.pairs.model
        population = math.prod(model.by_name[name].domain.size for name in model.inputs)
        return Reuse(self.inputs[rows], distinct, population)


PreparedSplits = tuple[PreparedSplit, ...]
"""A split of every design of a claim, all numbered in one presentation and one subject."""


def all_rows(splits: PreparedSplits) -> Interchanges:
    """The interchanges of all designs, one after the other."""
    return joined([split.rows for split in splits])


def score_of(splits: PreparedSplits, agrees: Sequence[Tensor]) -> Score:
    """The mean over the designs of how many rows agree with their labels."""
    scores = [split.score(rows) for split, rows in zip(splits, agrees, strict=True)]
    return mean_of(scores)


def present_splits(
    network: TaskNetwork,
    experiment: Experiment,
    splits: Sequence[Sequence[InterchangePairs]],
    choices: Sequence[TokenChoice],
    prompt: str | None,
) -> Harvester:
    """Present all splits of a claim's data at once, so that one harvest serves them.

    Raises:
        SpecError: a token position or an answer does not exist for the network's tokenizer.
    """
    flat = [pairs for split in splits for pairs in split]
    encoded = lay_out(network, experiment.task, flat, choices, prompt)
    return Harvester(experiment, encoded, tuple(len(split) for split in splits))


@dataclass(frozen=True, eq=False)
class Harvester:
    """Splits as inputs of the network, not yet run; the tokens of its sites are known already."""

    experiment: Experiment
    encoded: EncodedSplits
    sizes: tuple[int, ...]

    def prepared_splits(
        self, groups: Sequence[tuple[Site, ...]], watcher: Watcher
    ) -> Iterator[tuple[PreparedSplits, ...]]:
        """Run the network over all splits once and yield each of them, of every data set.

        Where memory is short it yields several times, each time for some of the groups of sites;
        what it yielded is then to be dropped before it is resumed.

        Raises:
            Untestable: no pair of some split is left.
        """
        presentation = self.encoded.presentation
        for subject in presentation.subjects(groups, self.encoded.is_base, watcher):
            splits = [
                _prepared(self.experiment, self.encoded, split, subject)
                for split in self.encoded.splits
            ]
            ends = np.cumsum([0, *self.sizes]).tolist()
            yield tuple(tuple(splits[start:end]) for start, end in pairwise(ends))


def _prepared(
    experiment: Experiment, encoded: EncodedSplits, split: EncodedSplit, subject: Subject
) -> PreparedSplit:
    pairs = split.pairs
    answered = encoded.answered(split, subject.predictions)
    kept = torch.ones_like(answered) if experiment.keeps_unanswered else answered
    wrong: tuple[WrongAnswer, ...] = ()
    if 2 * int(answered.sum()) < len(pairs):
        found = _wrong_answers(encoded.presentation, split, subject.predictions)
        wrong = tuple(islice(found, SHOWN_ANSWERS))
    if not bool(kept.any()):
        none = PairCounts(pairs.design.name, pairs.split, len(pairs), 0, 0, math.nan, 0)
        raise Untestable(none, wrong)
    used = kept.nonzero()[:, 0]
    selected = pairs.select(used.numpy())
    rows = split.rows.take(used)
    inputs = _inputs(encoded.presentation, rows)
    alike = _alike(inputs, selected.kinds)
    count = PairCounts(
        design=pairs.design.name,
        split=pairs.split,
        drawn=len(pairs),
        answered=int(answered.sum()),
        used=len(selected),
        floor=selected.floor,
        distinct=len(np.unique(alike)),
    )
    return PreparedSplit(
        encoded,
        subject,
        selected,
        rows,
        split.own_bases[used],
        count,
        alike,
        inputs,
        wrong,
        experiment.values,
    )


def _wrong_answers(
    shown: Presentation, split: EncodedSplit, predictions: Tensor
) -> Iterator[WrongAnswer]:
    """The inputs of a split that are answered wrongly, each once, as drawn."""
    used = torch.cat([split.own_bases[:, None], split.rows.origins], dim=1).flatten()
    correct = shown.correct
    answered = agreement(predictions, correct)
    for number in dict.fromkeys(as_list(used)):
        if number >= 0 and not bool(answered[number]):
            said, right = shown.said(predictions[number]), shown.said(correct[number])
            yield WrongAnswer(shown.text(number), said, right)


def _alike(inputs: NDArray[np.int64], kinds: NDArray[np.int32]) -> Any:
    """A number for each row, the same where kind, base and sources are for the network."""
    whole = np.column_stack([inputs, kinds.astype(np.int64)])
    return np.unique(whole, axis=0, return_inverse=True)[1].reshape(-1)


def _inputs(presentation: Presentation, rows: Interchanges) -> NDArray[np.int64]:
    """What the network is given as base and sources [rows, 1 + …]."""
    inputs: NDArray[np.int64] = presentation.alike.numpy()
    return np.column_stack([inputs[rows.bases.numpy()], _sources_of(rows, inputs)])


def _sources_of(rows: Interchanges, inputs: NDArray[np.int64]) -> NDArray[np.int64]:
    """What the network is given as sources [rows, …], in the runs of sources, too."""
    origins: NDArray[np.int64] = rows.origins.numpy()
    found = np.where(origins >= 0, inputs[origins], -1)
    if rows.inner is None or rows.inner_of is None:
        return found
    inside = _sources_of(rows.inner, inputs)
    numbers: NDArray[np.int64] = rows.inner_of.numpy()
    nested = np.where((numbers >= 0)[..., None], inside[numbers], -1)
    return np.concatenate([found, nested.reshape(len(found), -1)], axis=1)
