"""How soon the language server shows what is wrong after a keystroke, in a file of 1,000 lines.

An editor's side of the protocol types into the middle of a model of 300 variables, so that the file
stays right or breaks; the time is from sending the change to receiving findings about the names and
types of the whole file.

    python benchmarks/language_server.py
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from loading import shared_with_tests

ROUNDS = 10
PAUSE = 2


def main() -> None:
    """Print the median and the worst time of each kind of change."""
    editor = shared_with_tests("language_client")
    text = editor.long_spec()
    statement = "then (x1 + v149)"
    texts = {
        "a change that is right": text.replace(statement, "then (x1 + 1 + v149)"),
        "a change that is not": text.replace(statement, "then (x1 + + v149)"),
    }
    times: dict[str, list[float]] = {name: [] for name in texts}
    with tempfile.TemporaryDirectory() as folder, editor.Client() as client:
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
