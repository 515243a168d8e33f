"""The models of docs/from-pyvene.md: pyvene and the spec give the same label on every pair."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from causalspec.command_line import main

PAGE = (Path(__file__).parents[3] / "docs" / "from-pyvene.md").read_text(encoding="utf-8")
TITLES = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
FORMS = re.findall(
    r"^```python\n(.*?)^```\n\n```causal\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL
)


def run_of(row: dict[str, Any], name: str) -> dict[str, Any]:
    """What a row says of one run, under the names of the Python form: `x[0]` is `x0` there."""
    columns = [column for column in row if column.startswith(f"{name}.")]
    return {
        re.sub(r"[\[\]]", "", column.removeprefix(f"{name}.")): row[column] for column in columns
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("program", "spec"), FORMS, ids=TITLES)
def test_both_give_the_same_labels(
    program: str, spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MPLBACKEND", "agg")
    pyvene = pytest.importorskip("pyvene", reason="pyvene is not installed")
    names: dict[str, Any] = {"CausalModel": pyvene.CausalModel}
    exec(program, names)  # a page of our own
    theirs = names["model"]
    [output] = theirs.outputs
    (tmp_path / "page.causal").write_text(spec, encoding="utf-8")
    assert main(["check", str(tmp_path / "page.causal")]) == 0
    assert (
        main(["data", str(tmp_path / "page.causal"), "--form", "jsonl", "--out", str(tmp_path)])
        == 0
    )
    lines = (tmp_path / "Pairs.train.jsonl").read_text(encoding="utf-8").splitlines()
    labels = set[Any]()
    for line in lines:
        row = json.loads(line)
        swapped = re.sub(r"[\[\]]", "", row["kind"]).split(", ")
        inputs = {
            name: {variable: run_of(row, name)[variable] for variable in theirs.inputs}
            for name in ("base", *row["sources_used"].split())
        }
        sources = [inputs[name] for name in row["sources_used"].split()]
        [label] = run_of(row, "label").values()
        found = theirs.run_interchange(inputs["base"], dict(zip(swapped, sources, strict=True)))
        assert found[output] == label, line
        labels.add(label)
    assert len(lines) == 1_000 and len(labels) > 1
