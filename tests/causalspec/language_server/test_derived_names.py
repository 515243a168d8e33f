"""Names of derived models: what is merged keeps its name as a part of the whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.helpers.language_client import Client
from tests.helpers.rising import applied, place, span_text

TEXT = """language 1

task Alarm {
  input smoke : 0..5
  input charge : 0..3
  output rings : bool = smoke >= 3 and charge >= 1
}

model Circuit of Alarm {
  var sensor = smoke
  var cell = charge
  output rings = sensor >= 3 and cell >= 1
}

derive OneVariable from Circuit { merge (sensor, cell) as state }

abstraction Same from Circuit to OneVariable { state = (sensor = sensor, cell = cell) }

abstraction Back from OneVariable to Circuit { sensor = state.sensor  cell = state.cell }
"""


@pytest.mark.parametrize(
    ("fragment", "within", "line"),
    [
        ("state", "OneVariable { state", 14),
        ("cell", "cell = cell", 10),
        ("sensor", "Circuit { sensor", 9),
        ("sensor", "state.sensor", 9),
        ("cell", "state.cell", 10),
    ],
)
def test_what_a_name_means(client: Client, tmp_path: Path, fragment: str, within: str, line: int):
    uri = client.open(tmp_path / "derived.causal", TEXT)
    assert client.diagnostics(uri) == []
    at = place(TEXT, fragment, within)
    (found,) = client.at("definition", uri, at)
    assert (span_text(TEXT, found["range"]), found["range"]["start"]["line"]) == (fragment, line)
    answer = client.at("hover", uri, at)["contents"]["value"]
    assert answer.startswith(f"**variable** `{fragment}` of ")
    changes = client.at("rename", uri, at, newName="renamed")["changes"]
    assert applied(TEXT, changes[uri]) == re.sub(rf"\b{fragment}\b", "renamed", TEXT)
