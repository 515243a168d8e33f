"""What a message about a name that is not there ends with."""

from __future__ import annotations

import pytest

from causalspec.dsl.diagnostics import suggestion

MANY = [f"Claim{number}" for number in range(30)]


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        ("tset", ["train", "test"], "did you mean `test`?"),
        ("val", ["train", "validation"], "did you mean `validation`?"),
        ("t", ["train", "test"], "there are `train`, `test`"),
        ("", ["train"], "there is `train`"),
        ("train", [], "there is none"),
        ("zebra", MANY, "there are `Claim0`, "),
        ("zebra", MANY, " more"),
    ],
)
def test_suggestion(name: str, known: list[str], said: str) -> None:
    found = suggestion(name, known)
    assert said in found
    assert found == said or known is MANY
