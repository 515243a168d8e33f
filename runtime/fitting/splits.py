"""The splits of a claim's data that a search among sites takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch

from causalspec.compiler import InterchangePairs
from causalspec.runtime.engine.subjects import Subject
from causalspec.runtime.fitting.candidates import Candidates
from causalspec.runtime.inputs.experiment import (
    Experiment,
    Harvester,
    PreparedSplit,
    PreparedSplits,
    present_splits,
)
from causalspec.runtime.inputs.task_network import TaskNetwork


@dataclass(frozen=True, eq=False)
class Splits:
    """The splits that fitting and choosing take, and `test`, each of every data set.

    `train` is None where nothing is made from it; `test` where the test pairs are run apart: where
    they are shown under another prompt than the one fitted on, or one of many sites is chosen.
    """

    train: PreparedSplits | None = field(repr=False)
    validation: PreparedSplits = field(repr=False)
    test: PreparedSplits | None = field(repr=False)

    @property
    def subject(self) -> Subject:
        """The network as it was run on all of them."""
        return self.validation[0].subject

    def of_variables(self, all_names: Sequence[str], names: Sequence[str]) -> Splits:
        """The rows that swap nothing but `names`; of each, what happens to them.

        Raises:
            LookupError: there are none.
        """
        columns = torch.tensor([all_names.index(name) for name in names])

        def of(prepared: PreparedSplit) -> PreparedSplit | None:
            others = torch.ones(len(all_names), dtype=torch.bool)
            others[columns] = False
            mine = ~(prepared.rows.origins[:, others] >= 0).any(1)
            mine &= (prepared.rows.origins[:, columns] >= 0).any(1)
            if prepared.rows.inner_of is not None:
                mine &= ~(prepared.rows.inner_of >= 0).any(1)
            kept = mine.nonzero()[:, 0]
            if not len(kept):
                return None
            found = prepared.take(kept)
            origins = found.rows.origins[:, columns]
            rows = replace(found.rows, origins=origins, inner=None, inner_of=None)
            return replace(found, rows=rows)

        def of_all(splits: PreparedSplits) -> PreparedSplits:
            found = tuple(kept for kept in map(of, splits) if kept is not None)
            if not found:
                raise LookupError(f"no pair swaps {', '.join(names)} alone")
            return found

        train = None if self.train is None else of_all(self.train)
        return Splits(train, of_all(self.validation), None)


def splits_from(prepared: tuple[PreparedSplits, ...], offered: Candidates) -> Splits:
    """What `present_candidates` asked for, in its order."""
    fitting = len(offered.fitting_splits)
    return Splits(
        train=prepared[0] if fitting == 2 else None,
        validation=prepared[fitting - 1],
        test=prepared[fitting] if len(prepared) > fitting else None,
    )


def present_candidates(
    network: TaskNetwork,
    experiment: Experiment,
    offered: Candidates,
    pairs: Mapping[str, Sequence[InterchangePairs]] | None = None,
) -> Harvester:
    """The splits that fitting and choosing take. Where there is nothing to choose, the test pairs
    come along, unlooked at, so that they need no harvest of their own; else they wait until it is
    known at which sites they are to be read.
    """
    prompt = experiment.fitting_prompt
    splits = [
        pairs[split] if pairs is not None else experiment.draw(split)
        for split in offered.fitting_splits
    ]
    if prompt == experiment.claim.prompt and offered.is_single:
        splits.append(pairs["test"] if pairs is not None else experiment.draw_test())
    return present_splits(network, experiment, splits, offered.choices, prompt)
