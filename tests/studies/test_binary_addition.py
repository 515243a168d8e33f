"""Binary addition: the labels of `specs/binary_addition` by a program of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.helpers.spec_files import SPECS
from tests.helpers.studies import Setting, check_labels
from tests.helpers.terminal import Terminal

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


def test_each_carry_is_found_at_its_own_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of 64 ways to place three carries the short fits leave the right one: from random starts, of
    which ten steps are too few, they led to layers 3, 2 and 3.
    """
    spec = SPECS / "binary_addition" / "binary_addition.causal"
    network = "python:specs.binary_addition.adder:seed_0"
    asked = ("DAS", "--network", network, "--steps", "200", "--format", "json")
    status, printed, complaint = Terminal(capsys)(
        "align", str(spec), *asked, "--out", str(tmp_path / "out")
    )
    assert status == 0, complaint
    found = json.loads(printed)
    found = found.get("DAS", found)
    assert [site["layer"] for site in found["best"]["sites"]] == [1, 2, 3]
    assert found["best"]["validation"]["mean"] >= 0.85
