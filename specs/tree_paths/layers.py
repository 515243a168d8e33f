"""Where each backward step is held, by layer: a heat map of what `verify` found.

    python specs/tree_paths/layers.py RESULTS

RESULTS is the folder of a verification of backward.causal. Prints SVG: a row for each claim, at the
token that it is about, its cells the IIA on validation pairs of the map fitted after each layer, –
being what enters the first one.
"""

from __future__ import annotations

import sys
from pathlib import Path

from causalspec.runtime.report.pictures import ColumnGroup, heat_map
from causalspec.runtime.results.files import read_results
from causalspec.runtime.results.records import SiteScore

ROWS = {
    "first step, last token": ["TheFirstStepIsAtTheEnd"],
    "second step, last token": ["TheSecondStepIsAtTheEnd"],
    "first step, its edge": ["TheFirstStepIsInItsWord", "TheFirstStepIsAtItsEdge"],
    "second step, its edge": ["TheSecondStepIsAtItsEdge"],
    "first step, the edge listed first": ["TheFirstStepIsNotAtTheEdgeListedFirst"],
}


def layer_of(fit: SiteScore) -> str:
    """The layer after which it is, – for what enters the first one."""
    layer = fit.sites[0].layer
    return "–" if layer is None else str(layer)


if __name__ == "__main__":
    verdicts = {verdict.claim: verdict for verdict in read_results(Path(sys.argv[1])).verdicts}
    found = {
        name: {
            layer_of(fit): fit.validation.mean for claim in claims for fit in verdicts[claim].sites
        }
        for name, claims in ROWS.items()
    }
    every = {layer for scores in found.values() for layer in scores}
    layers = [*sorted(every & {"–"}), *sorted(every - {"–"}, key=int)]
    rows = {name: [scores.get(layer) for layer in layers] for name, scores in found.items()}
    print(heat_map("IIA of backward steps by layer", [ColumnGroup("", tuple(layers))], rows))
