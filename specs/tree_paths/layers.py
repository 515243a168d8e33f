"""Where each backward step is held, by layer: a heat map of what `verify` found.

    python specs/tree_paths/layers.py RESULTS

RESULTS is the folder of a verification of backward.causal. Prints SVG: a row for each claim, at the
token that it is about, its cells the IIA on validation pairs of the map fitted after each layer.
"""

from __future__ import annotations

import sys
from pathlib import Path

from causalspec.runtime.report.pictures import ColumnGroup, heat_map
from causalspec.runtime.results.files import read_results

ROWS = {
    "TheGoalIsAtTheEnd": "goal, last token",
    "TheFirstStepIsAtTheEnd": "first step, last token",
    "TheSecondStepIsAtTheEnd": "second step, last token",
    "TheFirstStepIsAtItsEdge": "first step, its edge",
    "TheSecondStepIsAtItsEdge": "second step, its edge",
    "TheThirdStepIsAtItsEdge": "third step, its edge",
    "TheFirstStepIsNotAtTheEdgeListedFirst": "first step, the edge listed first",
}

if __name__ == "__main__":
    verdicts = {verdict.claim: verdict for verdict in read_results(Path(sys.argv[1])).verdicts}
    found = {
        name: {str(fit.sites[0].layer): fit.validation.mean for fit in verdicts[claim].sites}
        for claim, name in ROWS.items()
    }
    layers = tuple(sorted({layer for scores in found.values() for layer in scores}))
    rows = {name: [scores.get(layer) for layer in layers] for name, scores in found.items()}
    print(heat_map("IIA of backward steps by layer", [ColumnGroup("", layers)], rows))
