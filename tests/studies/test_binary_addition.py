"""Binary addition: the labels of `specs/binary_addition` by a program of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.helpers.studies import Setting, check_labels

BITS = 4


def carries(run: Setting) -> list[int]:
    """What goes into each place, from the numbers as wholes."""
    found = []
    for place in range(BITS + 1):
        low = sum(2**i * (run[f"x[{i}]"] + run[f"y[{i}]"]) for i in range(place))
        found.append(int(low >= 2**place))
    return found


def bits(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    place = int(kind[len("carry[") : -1])
    (source,) = sources.values()
    carried = carries(source)[place]
    above = sum(2 ** (i - place) * (base[f"x[{i}]"] + base[f"y[{i}]"]) for i in range(place, BITS))
    total = carried + above
    below = sum(2**i * (base[f"x[{i}]"] + base[f"y[{i}]"]) for i in range(place))
    said = [below >> i & 1 for i in range(place)]
    said += [total >> i & 1 for i in range(BITS + 1 - place)]
    return {f"z[{i}]": bit for i, bit in enumerate(said)}


@pytest.mark.parametrize("file", ["binary_addition", "carry_methods"])
def test_labels(file: str, tmp_path: Path) -> None:
    check_labels("binary_addition", "Carries", bits, tmp_path, file=file)
