"""How far two maps of sites agree: the correlation of their validation scores, site by site.

    python specs/price_tagging/correlation.py ALIGNMENT.json ALIGNMENT.json

Prints JSON: Pearson's r with its 95 % interval by Fisher's transformation, and the mean scores.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

_NORMAL = 1.959964


def scores(written: str) -> tuple[list[Any], Any]:
    """The sites in the order in which they were fitted, and the score of each."""
    sites = json.loads(Path(written).read_text(encoding="utf-8"))["sites"]
    return [site["sites"] for site in sites], np.array([s["validation"]["mean"] for s in sites])


if __name__ == "__main__":
    (places, first), (others, second) = map(scores, sys.argv[1:])
    if places != others:
        sys.exit("the two are not of the same sites")
    r = float(np.corrcoef(first, second)[0, 1])
    spread = _NORMAL / np.sqrt(len(first) - 3)
    lower, upper = np.tanh(np.arctanh(min(r, 1 - 1e-12)) + np.array([-spread, spread]))
    result = {"mean": r, "lower": float(lower), "upper": float(upper)}
    print(json.dumps({"correlation": result, "means": [float(first.mean()), float(second.mean())]}))
