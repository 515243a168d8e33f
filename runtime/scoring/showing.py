"""Of what was observed, what people look at: kinds of swaps, some pairs, what maps came to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from causalspec.runtime.engine.right_answers import as_asked
from causalspec.runtime.fitting.candidates import Candidates
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.inputs.experiment import PreparedSplits
from causalspec.runtime.results.records import ControlScore, FittedMap, PairRow
from causalspec.runtime.scoring.observed import Observed
from causalspec.runtime.untyped import as_list, distinct, from_array

SHOWN_ROWS = 20


def scores_of_kinds(observed: Sequence[Observed]) -> tuple[ControlScore, ...]:
    """The test score of each kind of swap of each data set, where there are several."""
    scores: list[ControlScore] = []
    for seen in observed:
        pairs = seen.prepared.pairs
        for number, kind in enumerate(pairs.design.kinds):
            mine = from_array(pairs.kinds == number)
            name = kind.name if len(observed) == 1 else f"{pairs.design.name}: {kind.name}"
            scores.append(
                ControlScore(
                    name, seen.prepared.score(seen.agrees, mine), f"pairs that swap {kind.name}"
                )
            )
    return tuple(scores) if len(scores) > 1 else ()


def readable_rows(observed: Sequence[Observed]) -> Iterator[PairRow]:
    """The first test pairs of each data set, as drawn: a sample, not a selection."""
    for seen in observed:
        prepared, shown = seen.prepared, seen.prepared.presentation
        agrees = seen.agrees
        for row in range(min(SHOWN_ROWS // len(observed), prepared.rows.rows)):
            base = int(prepared.own_bases[row])
            origins: list[int] = as_list(prepared.rows.origins[row])
            sources = dict.fromkeys(number for number in origins if number >= 0)
            yield PairRow(
                base=shown.text(base),
                sources=tuple(shown.text(number) for number in sources),
                swapped=prepared.pairs.design.kinds[int(prepared.pairs.kinds[row])].name,
                base_answer=shown.said(shown.correct[base]),
                label=shown.said(prepared.rows.labels[row]),
                said=shown.said(as_asked(seen.predicted[row], prepared.rows.labels[row])),
                agrees=bool(agrees[row]),
            )


def fitted_maps(
    maps: PlacedMaps, offered: Candidates, splits: PreparedSplits
) -> tuple[FittedMap, ...]:
    """What the map at each site came to; what lossy ones retain is measured on the test bases."""
    found: list[FittedMap] = []
    bases, _ = distinct(torch.cat([prepared.own_bases for prepared in splits]))
    for here in maps.placed:
        vectors = splits[0].subject.vectors(here.site, bases)[:, 0]
        found.append(
            FittedMap(
                here.site,
                tuple(offered.variables[member] for member in here.members),
                here.map.dimensions(),
                here.map.retained(vectors),
                tuple(offered.methods[member].text for member in here.members),
            )
        )
    return tuple(found)
