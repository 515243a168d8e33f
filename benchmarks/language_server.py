"""How soon the language server shows what is wrong after a keystroke, in a file of 1,000 lines.

An editor's side of the protocol types into the middle of a model of 300 variables, so that the file
stays right or breaks; the time is from sending the change to receiving findings about the names and
types of the whole file.

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
ROUNDS = 10
PAUSE = 2


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
    """Print the median and the worst time of each kind of change."""
    specification = importlib.util.spec_from_file_location("client", TESTS / "language_client.py")
    assert specification is not None and specification.loader is not None
    module: Any = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    text = long_spec()
    statement = "then (x1 + v149)"
    texts = {
        "a change that is right": text.replace(statement, "then (x1 + 1 + v149)"),
        "a change that is not": text.replace(statement, "then (x1 + + v149)"),
    }
    times: dict[str, list[float]] = {name: [] for name in texts}
    with tempfile.TemporaryDirectory() as folder, module.Client() as client:
        uri = client.open(Path(folder) / "long.causal", text)
        client.diagnostics(uri)
        version = 1
        for name, changed in [*texts.items()] * ROUNDS:
            for typed in (changed, text):
                time.sleep(PAUSE)  # a person who thinks between two keystrokes
                version += 1
                start = time.perf_counter()
                client.change(uri, version, typed)
                client.diagnostics(uri, version)
                if typed is changed:
                    times[name].append(time.perf_counter() - start)
    print(f"{len(text.splitlines())} lines, {ROUNDS} keystrokes of each kind", file=sys.stderr)
    for name, taken in times.items():
        middle, worst = statistics.median(taken) * 1000, max(taken) * 1000
        print(f"{name}: median {middle:.0f} ms, worst {worst:.0f} ms")


if __name__ == "__main__":
    main()
