"""Names that become files are apart on every disk."""

# ruff: noqa: E501 (whole messages, as they are printed)

from __future__ import annotations

import pytest

from tests.helpers.compiled import findings

SPEC = """
task T { input a : bool  output o : bool = a  prompt main "{a}" }
model M of T { var v = a  output o = v }
counterfactuals Swap of M { swap v  split train 5, test 5 }
counterfactuals Other of M { swap v  split test 5 }
align Place of M { var v at residual layers 0..1 token last by full_vector }
claim Carried { of M on Swap.test with Place  expect iia >= 0.9 }
claim Kept { of M on Swap.test with Place  expect iia >= 0.9 }
"""
ADVICE = "(choose another name: many disks take the two for one)"


def test_names_apart() -> None:
    assert findings(SPEC) == []
    # Files of different kinds have folders, or endings, of their own.
    assert findings(SPEC.replace("Place", "SWAP").replace("Other", "KEPT")) == []
    assert findings(SPEC.replace(" M ", " KEPT ")) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("Other", "SWAP", f"CS214 6:17 `SWAP` and `Swap` differ in case only, and both become files {ADVICE}"),
        ("train 5", "Test 5", f"CS214 5:51 `test` and `Test` differ in case only, and both become files {ADVICE}"),
        ("Kept", "CARRIED", f"CS214 9:7 `CARRIED` and `Carried` differ in case only, and both become files {ADVICE}"),
        ("Place", "carried", f"CS214 8:7 `Carried` and `carried` differ in case only, and both become files {ADVICE}"),
        ("Other", "nul", "CS214 6:17 `nul` becomes a file, and is a device on Windows (choose another name: what is written there would be lost)"),
        ("Kept", "COM1", "CS214 9:7 `COM1` becomes a file, and is a device on Windows (choose another name: what is written there would be lost)"),
        ("train", "aux", "CS214 5:43 `aux` becomes a file, and is a device on Windows (choose another name: what is written there would be lost)"),
    ],
)  # fmt: skip
def test_names_that_become_one_file(old: str, new: str, found: str) -> None:
    assert findings(SPEC.replace(old, new)) == [found]
