"""How long `causalspec check` takes to answer a file as large as one may be.

Files of nearly 1 MiB or nearly 100,000 words and signs, whichever comes first, most of them wrong.
Printed are the processor time of the whole command and what it said.

    python benchmarks/largest_files.py
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

SIZE = 1 << 20
WORDS = 99_000
CHECK = [sys.executable, "-m", "causalspec.command_line", "check", "--format", "json"]


def repeated(text: str, words: int) -> bytes:
    """The same text, which is so many words and signs, over and over with the numbers 0, 1, 2 …
    for `@`, as long as a file may be.
    """
    parts: list[str] = []
    size = 0
    while size + len(text) + 8 < SIZE and (len(parts) + 1) * words < WORDS:
        parts.append(text.replace("@", str(len(parts))))
        size += len(parts[-1])
    return "".join(parts).encode()


TASK = "language 1\ntask T { input a : 0..9  output y : 0..9 = a }\n"
MODEL = f"{TASK}model M of T approximately {{\n"
SOME_WORDS = ("task", "{", "}", "(", "a", "=", "0..9", '"', "if", "+", "\n")
HOSTILE = {
    "random bytes": random.Random(1).randbytes(SIZE),
    "random words of the language": " ".join(
        random.Random(2).choices(SOME_WORDS, k=WORDS // 2)
    ).encode(),
    "open parentheses": repeated("(", 1),
    "open braces": repeated("task T { ", 3),
    "one long string": b'language 1\ntask T "' + b"x" * (SIZE - 100),
    "one long name": b"x" * SIZE,
    "a wrong word on every line": repeated("task T { input a : }\n", 7),
    "unknown names in every task": b"language 1\n"
    + repeated("task T@ { input a : Colour@  output y : bool = b@ }\n", 15),
    "one long sum": f"{MODEL}  output y = ".encode() + repeated("a + ", 2) + b"a\n}\n",
    "whole small tasks": b"language 1\n"
    + repeated("task T@ { input a : 0..9  output y : 0..9 = a }\n", 18),
    "a model of many variables": MODEL.encode()
    + repeated("  var w@ : 0..9 = (a + @) % 10\n", 15)
    + b"  output y = w0\n}\n",
    "comments": b"language 1\n" + b"# a line\n" * (SIZE // 10),
}


def main() -> None:
    """Print a line a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hostile.causal"
        for name, content in HOSTILE.items():
            path.write_bytes(content)
            before = os.times()
            done = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "causalspec.command_line",
                    "check",
                    "--format",
                    "json",
                    path,
                ],
                capture_output=True,
                text=True,
                check=False,
            )
            after = os.times()
            taken = after.children_user + after.children_system
            taken -= before.children_user + before.children_system
            (answer,) = json.loads(done.stdout)
            findings = answer["diagnostics"]
            codes = ", ".join(sorted({one["code"] for one in findings})) or "nothing wrong"
            print(f"{name:32} {taken:6.2f} s  exit {done.returncode}, {len(findings):3} of {codes}")


if __name__ == "__main__":
    main()
