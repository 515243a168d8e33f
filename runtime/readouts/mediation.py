"""How much of what a source changes goes through a site: total, direct and indirect effects.

Pearl 2001, "Direct and indirect effects"; of language models Vig et al. 2020, "Investigating gender
bias in language models using causal mediation analysis" (arXiv 2004.12265). What goes through an
edge goes along that path alone (path patching, Wang et al. 2022, arXiv 2211.00593). The outcome is
the logit of the source's right answer less that of the base's, which need not be probabilities to
add.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from causalspec.compiler import (
    Alignment,
    CounterfactualDesign,
    InterchangePairs,
    Specification,
    generate,
)
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.engine.computing import computing
from causalspec.runtime.engine.right_answers import is_asked, log_probability, same_answers
from causalspec.runtime.engine.subjects import Edit
from causalspec.runtime.fitting.candidates import candidates
from causalspec.runtime.fitting.predict import BATCH
from causalspec.runtime.inputs.experiment import PreparedSplit, experiment_of, present_splits
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.readouts.crossed import Inputs, swapped_alone, swaps
from causalspec.runtime.results.estimates import Measurement
from causalspec.runtime.results.records import Manifest, PairCounts
from causalspec.runtime.scoring.questions import question_about
from causalspec.runtime.scoring.verify import VerifySettings, manifest_of
from causalspec.runtime.sites.site import Site
from causalspec.runtime.watch import Unwatched, Watcher

MEDIATORS = ("residual", "attention_output", "mlp_output", "mlp_activation", "head", "neuron")
"""Sites whose effects are asked for."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What a site carries, in log odds with 95 % intervals over the pairs. `indirect`: the base's
    run with the source's vector at the site; `direct`: the source's run with the base's vector
    there, each less the base's run.
    """

    site: Site
    indirect: Measurement
    direct: Measurement


@dataclass(frozen=True, slots=True)
class Mediation:
    """Effects at every site, those with the largest indirect effect first, and the total."""

    manifest: Manifest
    alignment: str
    data: str
    counts: PairCounts
    total: Measurement
    sites: tuple[Effects, ...]


def mediate(
    specification: Specification,
    alignment: Alignment,
    design: CounterfactualDesign,
    split: str,
    network: TaskNetwork,
    settings: VerifySettings,
    watcher: Watcher | None = None,
) -> Mediation:
    """The effects of the sites that an alignment offers, over those pairs of a split whose source
    is answered otherwise than the base, as the task has it.

    Raises:
        SpecError: the alignment does not fit the network or its tokenizer.
        ToolFailure: the data does not swap one variable from one source; a site is of another
            component; the answers have several tokens; no pair has two answers.
    """
    watcher = watcher or Unwatched()
    if swapped_alone(design) is None:
        raise ToolFailure(
            f"`{design.name}` does not swap one variable from one source",
            help="a mediator lies between one source and one base: name data that swaps so",
        )
    for placement in alignment.placements:
        if placement.site.component not in MEDIATORS:
            raise ToolFailure(
                f"`{placement.site.component}` of `{alignment.name}` is not a mediator that is "
                "tried",
                help=f"place the variable at one of {', '.join(MEDIATORS)}",
            )
    question = question_about(alignment, design.name, split)
    experiment = experiment_of(specification, question, keeps_unanswered=settings.keeps_unanswered)
    network = network.knowing(experiment.task)
    offered = candidates(network, alignment, experiment.variables, question)
    with computing(network.threads, settings.precision):
        pairs = both_ways(generate(design, split))
        harvester = present_splits(network, experiment, [[pairs]], offered.choices, None)
        sites = offered.offers[0].sites_with(harvester.encoded.presentation.token_names)
        found: dict[Site, Effects] = {}
        total: Measurement | None = None
        counts: PairCounts | None = None
        with watcher.work("effects", len(sites)) as advance:
            groups = [(site,) for site in sites]
            for [[prepared]] in harvester.prepared_splits(groups, watcher):
                pair = _Pairs.of(prepared)
                total, counts = pair.measured(pair.total), _halved(prepared.count)
                for site in sites:
                    sender = replace(site, receiver=None)
                    if sender in prepared.subject.sites and site not in found:
                        found[site] = pair.effects(site)
                        advance(len(found), str(site))
        assert total is not None and counts is not None
        ranked = sorted(found.values(), key=lambda effects: -effects.indirect.mean)
        return Mediation(
            manifest_of(specification, network, settings),
            alignment.name,
            f"{design.name}.{split}",
            counts,
            total,
            tuple(ranked),
        )


def both_ways(pairs: InterchangePairs) -> InterchangePairs:
    """Pairs of one source, then the same with base and source exchanged."""
    none = np.zeros(len(pairs), np.int64)
    bases, sources = (Inputs(pairs, side, none) for side in (pairs.base, pairs.sources[0]))
    return InterchangePairs.concatenated([swaps(bases, sources), swaps(sources, bases)])


def _halved(count: PairCounts) -> PairCounts:
    """The counts of the pairs one way."""
    distinct = None if count.distinct is None else count.distinct // 2
    return replace(
        count,
        drawn=count.drawn // 2,
        answered=count.answered // 2,
        used=count.used // 2,
        distinct=distinct,
    )


def _given(_base: Tensor, given: Tensor) -> Tensor:
    return given


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Pairs [rows] whose base and source have different right answers, and what is made of the two
    left alone.
    """

    prepared: PreparedSplit = field(repr=False)
    rows: Tensor = field(repr=False)
    bases: Tensor = field(repr=False)
    sources: Tensor = field(repr=False)
    before: Tensor = field(repr=False)
    total: Tensor = field(repr=False)

    @staticmethod
    def of(prepared: PreparedSplit) -> _Pairs:
        """Those pairs of a split."""
        correct = prepared.presentation.correct
        if int(is_asked(correct).sum(1).max()) > 1:
            raise ToolFailure(
                "the answers have several tokens or outputs",
                help="effects are measured where one output tells the two answers apart",
            )
        # The second half is the first the other way round: its bases are the sources, as runs that
        # can be edited.
        bases, sources = prepared.own_bases.chunk(2)
        rows = (~same_answers(correct[bases], correct[sources])).nonzero()[:, 0]
        if not len(rows):
            raise ToolFailure(
                f"base and source of every pair of `{prepared.count.design}` are answered alike",
                help="an effect needs pairs with two answers: `keep where source.x != base.x`",
            )
        bare = torch.zeros(len(rows), dtype=torch.double)
        found = _Pairs(prepared, rows, bases[rows], sources[rows], bare, bare)
        before = found.outcomes(found.bases, None, found.bases)
        after = found.outcomes(found.sources, None, found.sources)
        return replace(found, before=before, total=after - before)

    def effects(self, site: Site) -> Effects:
        """What the site carries."""
        through = self.outcomes(self.bases, site, self.sources)
        around = self.outcomes(self.sources, site, self.bases)
        return Effects(
            site, self.measured(through - self.before), self.measured(around - self.before)
        )

    @torch.no_grad()
    def outcomes(self, inputs: Tensor, site: Site | None, taken: Tensor) -> Tensor:
        """The log odds [rows] of the source's answer against the base's in runs on `inputs` [rows]
        with the vectors at `site`, if there is one, that the inputs `taken` [rows] have there.
        """
        subject, correct = self.prepared.subject, self.prepared.presentation.correct
        found: list[Tensor] = []
        for start in range(0, len(inputs), BATCH):
            part = slice(start, start + BATCH)
            edits: Sequence[Edit] = ()
            if site is not None:
                vectors = subject.vectors(site, taken[part])
                edits = (Edit(site, _given, (vectors,)),)
            logits = subject.run(inputs[part], edits).logits.double()
            wanted, other = correct[self.sources[part]], correct[self.bases[part]]
            found.append((log_probability(logits, wanted) - log_probability(logits, other)).cpu())
        return torch.cat(found)

    def measured(self, values: Tensor) -> Measurement:
        """The mean of values [rows] with its interval."""
        spread = float(values.std()) if len(values) > 1 else 0.0
        numbers = torch.zeros(self.prepared.rows.rows, dtype=values.dtype)
        numbers[self.rows] = values
        effective = self.prepared.effective(numbers, self.rows.numpy())
        return Measurement(float(values.mean()), spread, len(values), effective)
