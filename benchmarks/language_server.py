"""How soon the language server shows what is wrong after a keystroke, in a file of 1,000 lines.

An editor's side of the protocol types into the middle of a model of 300 variables; the time is from
sending the change to receiving findings about it. Beside it, how long the whole file takes.

    python benchmarks/language_server.py
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1] / "tests" / "causalspec"
ROUNDS = 20
PAUSE = 3


def long_spec() -> str:
    """A thousand lines, a chain of three hundred variables."""
    lines = [
        "language 1",
        "",
        "task T {",
        "  input x0, x1, x2 : 0..9",
        "  output y : 0..9 = x0",
        "}",
    ]
    lines += ["", "model M of T approximately {"]
    for number in range(300):
        before = f"v{number - 1}" if number else "x0"
        lines += [
            f"  # the variable with the number {number}",
            f"  var v{number} : 0..9 = if {before} == 3 then (x1 + {before}) % 10",
            f"    else max(x2, {before}) % 10",
        ]
    lines += ["  output y = v299", "}"]
    return "\n".join([*lines, *[f"# line {number}" for number in range(1000 - len(lines))], ""])


def main() -> None:
    """Print the median and the worst of both times."""
    specification = importlib.util.spec_from_file_location("client", TESTS / "language_client.py")
    assert specification is not None and specification.loader is not None
    module: Any = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    text = long_spec()
    typed = text.replace("then (x1 + v149)", "then (x1 + + v149)")
    first: list[float] = []
    whole: list[float] = []
    with tempfile.TemporaryDirectory() as folder, module.Client() as client:
        uri = client.open(Path(folder) / "long.causal", text)
        client.diagnostics(uri)
        for version in range(2, 2 + ROUNDS):
            time.sleep(PAUSE)  # a person who thinks between two keystrokes
            start = time.perf_counter()
            client.change(uri, version, typed if version % 2 == 0 else text)
            client.diagnostics(uri, version)
            first.append(time.perf_counter() - start)
            client.diagnostics(uri, version)
            whole.append(time.perf_counter() - start)
    print(f"{len(text.splitlines())} lines, {ROUNDS} keystrokes", file=sys.stderr)
    for name, times in (("the statement", first), ("the whole file", whole)):
        middle, worst = statistics.median(times) * 1000, max(times) * 1000
        print(f"{name}: median {middle:.0f} ms, worst {worst:.0f} ms")


if __name__ == "__main__":
    main()
