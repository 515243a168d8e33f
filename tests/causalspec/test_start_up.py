"""What `check` costs: a small spec loads nothing it does not need, a long one little memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.spec_files import ROOT, spec_file

SMALL = spec_file("hierarchical_equality")
HEAVY = (
    *("torch", "transformers", "sympy", "z3", "rich", "numpy.ma"),
    *("causalspec.dsl.formatter", "causalspec.commands.verify"),
)

LOADED = """
import sys
from causalspec.command_line import main
status = main(["check", "--quiet", sys.argv[1]])
print(status, *sorted(set(sys.argv[2:]) & set(sys.modules)))
"""

PEAK = """
import sys
from causalspec.command_line import main
status = main(["check", "--quiet", sys.argv[1]])
# Not `ru_maxrss`, which a child has from its parent: a pytest that may have loaded torch.
lines = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(int(status), lines["VmHWM"].split()[0], *sorted(set(sys.argv[2:]) & set(sys.modules)))
"""

LONG = """
import sys
sys.path.insert(0, sys.argv[1])
import check
from tests.helpers.spec_files import ROOT, spec_file
print(check.studies(), end="")
"""


def test_a_small_spec_loads_only_what_it_needs() -> None:
    command = [sys.executable, "-c", LOADED, str(SMALL), *HEAVY]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux alone says the peak")
def test_a_thousand_lines_in_300_megabytes(tmp_path: Path) -> None:
    generate = [sys.executable, "-c", LONG, str(ROOT / "benchmarks")]
    text = subprocess.run(generate, capture_output=True, text=True, check=True).stdout
    assert text.count("\n") >= 1_000
    spec = tmp_path / "long.causal"
    spec.write_text(text, encoding="utf-8")
    # No question of these studies needs a solver, though their prompts have many inputs.
    command = [sys.executable, "-c", PEAK, str(spec), *HEAVY]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    status, kilobytes, *loaded = done.stdout.split()
    assert (status, loaded) == ("0", [])
    assert int(kilobytes) / 1024 < 300
