"""Specs that try to reach what no spec may reach, and a program that checks them under watch.

`python hostile_specs.py FOLDER` checks each and prints as JSON its codes and what Python's audit
hook saw that is forbidden: an open outside the folder, a socket, a process, code that is run.
"""

# ruff: noqa: E501 (whole programs)

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

LIST = 'language 1\ntask T {{ input a : words "{}"  output y : bool = true }}\n'
TABLE = 'language 1\ntable R "{}" key name {{ size : 0..9 }}\n'
IMPORT = 'language 1\nimport "{}" {{ Digit }}\n'
TYPED = "language 1\ntype Digit = {}\n"
TASK = "language 1\ntask {name} {{ input {input} : 0..9  output {output} : 0..9 = {input} }}\n"
VALUE = "language 1\ntask T {{ input a : 0..9  output y : bool = {} }}\n"
PROMPT = 'language 1\ntask T {{ input a : 0..9  output y : bool = a > 4  prompt p """{}""" }}\n'

HOSTILE: dict[str, tuple[str, set[str]]] = {
    "parent folder": (LIST.format("../secret.txt"), {"CS223"}),
    "parent of a folder inside": (LIST.format("inside/../../secret.txt"), {"CS223"}),
    "absolute path": (LIST.format("/etc/passwd"), {"CS223"}),
    "path of Windows": (LIST.format(r"..\\secret.txt"), {"CS223"}),
    "drive of Windows": (LIST.format("C:/secret.txt"), {"CS223"}),
    "network share": (LIST.format(r"\\\\host\\share\\secret.txt"), {"CS223"}),
    "home folder": (LIST.format("~/.ssh/id_rsa"), {"CS220"}),
    "address": (LIST.format("https://example.org/names.txt"), {"CS220"}),
    "null in a path": (LIST.format(r"names.txt\u{0}"), {"CS223"}),
    "environment variable": (LIST.format("$HOME/secret.txt"), {"CS220"}),
    "link out of the folder": (LIST.format("link.txt"), {"CS223"}),
    "linked folder": (LIST.format("linked/secret.txt"), {"CS223"}),
    "circle of links": (LIST.format("circle.txt"), {"CS220"}),
    "folder as a file": (LIST.format("inside"), {"CS220"}),
    "pipe": (LIST.format("pipe"), {"CS220"}),
    "device": (LIST.format("/dev/zero"), {"CS223"}),
    "table outside": (TABLE.format("../secret.csv"), {"CS223"}),
    "linked table": (TABLE.format("link.txt"), {"CS223"}),
    "import outside": (IMPORT.format("../other.causal"), {"CS223"}),
    "import of itself": (IMPORT.format("spec.causal"), {"CS224"}),
    "circle of imports": (IMPORT.format("first.causal"), {"CS224"}),
    "import of a link": (IMPORT.format("link.txt"), {"CS223"}),
    "types in a circle": ("language 1\ntype A = B\ntype B = A\n", {"CS208"}),
    "functions in a circle": (
        "language 1\nfunction f(a : 0..9) = g(a)\nfunction g(a : 0..9) = f(a)\n",
        {"CS208"},
    ),
    "huge number": (TYPED.format("0.." + "9" * 100_000), {"CS903"}),
    "huge power": (VALUE.format("2 ** 99_999_999 > a"), {"CS921"}),
    "tower of powers": (VALUE.format("9 ** 9 ** 9 ** 9 > a"), {"CS921"}),
    "huge domain": (TYPED.format("(a : 0..2_000_000_000, b : 0..2_000_000_000, c : 0..9)"), {"CS921"}),
    "huge family": (VALUE.format("all(a > i for i in 0..2_000_000_000)"), {"CS924"}),
    "deep nesting": (VALUE.format("(" * 500 + "a" + ")" * 500 + " > 4"), {"CS902"}),
    "functions that explode": (
        "language 1\nfunction f0(a : 0..9) = a + a\n"
        + "".join(f"function f{n}(a : 0..9) = f{n - 1}(a) + f{n - 1}(a)\n" for n in range(1, 40)),
        {"CS922"},
    ),
    "names of Python": (
        TASK.format(name="__import__", input="__class__", output="eval"),
        set(),
    ),
    "names of NumPy": (TASK.format(name="numpy", input="select", output="where_"), set()),
    "names of SymPy": (TASK.format(name="lambdify", input="I", output="E"), set()),
    "names of z3": (TASK.format(name="Solver", input="And", output="Not"), set()),
    "code in a name": (VALUE.format("__import__('os').system('true')"), {"CS104", "CS109"}),
    "code in a slot": (PROMPT.format("{__import__('os')}"), {"CS109"}),
    "code in a format": (PROMPT.format("{a:{__class__}}"), {"CS602"}),
    "attributes in a slot": (PROMPT.format("{a.__class__.__mro__}"), {"CS210"}),
}  # fmt: skip
"""Each with the codes of the errors that are found; where there are none, it is a sound spec."""

FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.spawn", "os.posix_spawn")
FORBIDDEN += (
    "os.fork",
    "os.putenv",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "ctypes.dlopen",
)
CODE = ("exec", "compile")


def lay_out(folder: Path) -> None:
    """The folder that the specs stand in, a secret outside it, and links that lead there."""
    outside = folder.parent
    (folder / "inside").mkdir(parents=True)
    for name in ("secret.txt", "secret.csv", "other.causal"):
        (outside / name).write_text("language 1\ntype Digit = 0..9\n", encoding="utf-8")
    (folder / "names.txt").write_text("Ada\nBob\n", encoding="utf-8")
    (folder / "link.txt").symlink_to(outside / "secret.txt")
    (folder / "linked").symlink_to(outside)
    (folder / "circle.txt").symlink_to(folder / "circle.txt")
    os.mkfifo(folder / "pipe")
    for name, other in (("first", "second"), ("second", "first")):
        text = IMPORT.format(f"{other}.causal")
        (folder / f"{name}.causal").write_text(text, encoding="utf-8")


def watch(folder: Path) -> dict[str, tuple[list[str], list[str]]]:
    """The codes of each spec, and what the audit hook saw that is forbidden."""
    from causalspec.compiler.compile import check_file
    from causalspec.dsl.render import render_text

    spec = folder / "spec.causal"
    seen: list[str] = []
    watching = False

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if not watching:
            return
        if event == "open" and isinstance(arguments[0], str):
            if not Path(arguments[0]).resolve().is_relative_to(folder):
                seen.append(f"open {arguments[0]}")
        elif event.startswith(FORBIDDEN) or event in CODE:
            seen.append(event)

    def check(text: str) -> list[str]:
        nonlocal watching
        spec.write_text(text, encoding="utf-8")
        watching = True
        checked = check_file(spec)
        render_text(checked.diagnostics, color=False, width=80)
        watching = False
        return sorted(
            {
                diagnostic.code
                for diagnostic in checked.diagnostics
                if diagnostic.severity == "error"
            }
        )

    # What is imported late is imported before anybody watches: imports run code.
    check(VALUE.format("a > 4") + "model M of T { var v = a + 1 output y = v > 5 }\n")
    check(LIST.format("names.txt"))
    sys.addaudithook(hook)
    found: dict[str, tuple[list[str], list[str]]] = {}
    for name, (text, _) in HOSTILE.items():
        found[name] = (check(text), [*seen])
        seen.clear()
    watching = True
    (folder.parent / "secret.txt").read_bytes()
    socket.socket().close()
    exec("0")
    watching = False
    found["what is forbidden"] = ([], [event.split(" ")[0] for event in seen])
    return found


if __name__ == "__main__":
    place = Path(sys.argv[1]).resolve()
    lay_out(place)
    print(json.dumps(watch(place)))
