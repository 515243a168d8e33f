"""The rooms depend on each other in one direction, and the light ones stay light."""

import ast
import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("dsl", "compiler", "runtime", "causalspec")  # each may import those before it
HEAVY = {"torch", "transformers"}
FACED = ("compiler", "runtime")
"""Rooms whose face names all that others may import."""
LOWER, HIGHER = {"front", "evaluators", "data"}, {"proofs", "review", "sampling", "views"}
"""Folders of the compiler: the lower ones import nothing of the higher ones."""


def imports_in(text: str) -> set[tuple[str, ...]]:
    """Each import of a module as a path of names; a relative one starts with its dots."""
    found: set[tuple[str, ...]] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {tuple(alias.name.split(".")) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ("." * node.level + (node.module or "")).split(".")
            found |= {(*base, alias.name) for alias in node.names}
    return found


IMPORTS = {
    path.relative_to(ROOT): imports_in(path.read_text(encoding="utf-8"))
    for folder in (*ROOMS, "specs", "benchmarks")
    for path in sorted((ROOT / folder).rglob("*.py"))
}
MODULES = {path: names for path, names in IMPORTS.items() if path.parts[0] in ROOMS}


def room_of(name: tuple[str, ...]) -> str | None:
    if name[:1] != ("causalspec",):
        return None
    return name[1] if len(name) > 1 and name[1] in ROOMS else "causalspec"


def reasons_against(path: Path, name: tuple[str, ...]) -> list[str]:
    """Why a module may not import what it imports under this name."""
    room, reached = path.parts[0], room_of(name)
    of_compiler = name[:2] == ("causalspec", "compiler")
    reasons = {
        "is relative": name[0] == "",
        "climbs": reached is not None and reached not in ROOMS[: ROOMS.index(room) + 1],
        "is heavy": room in ("dsl", "compiler") and name[0] in HEAVY,
        "passes a face by": reached in FACED and reached != room and len(name) > 3,
        "climbs within": room == "compiler"
        and path.parts[1] in LOWER
        and of_compiler
        and name[2] in HIGHER,
    }
    return [f"{path}: {'.'.join(name)} {reason}" for reason, holds in reasons.items() if holds]


def test_imports_are_absolute_point_one_way_and_pass_through_faces():
    assert [
        reason
        for path, names in MODULES.items()
        for name in names
        for reason in reasons_against(path, name)
    ] == []


@pytest.mark.parametrize(
    ("path", "line", "reason"),
    [
        ("dsl/planted.py", "from ..compiler import model", "..compiler.model is relative"),
        ("dsl/planted.py", "import torch", "torch is heavy"),
        ("compiler/planted.py", "import causalspec.runtime", "causalspec.runtime climbs"),
        (
            "runtime/planted.py",
            "from causalspec.compiler.model import CausalModel",
            "causalspec.compiler.model.CausalModel passes a face by",
        ),
        (
            "compiler/data/planted.py",
            "from causalspec.compiler.proofs import wilson",
            "causalspec.compiler.proofs.wilson climbs within",
        ),
    ],
)
def test_the_direction_test_can_fail(path: str, line: str, reason: str):
    (name,) = imports_in(line)
    assert reasons_against(Path(path), name) == [f"{path}: {reason}"]


@pytest.mark.parametrize("room", FACED)
def test_a_face_names_what_is_there(room: str):
    face = importlib.import_module(f"causalspec.{room}")
    homes: dict[str, str] = face._HOMES  # no other name says what a face offers lazily
    assert all(getattr(face, name) is not None for name in homes)
    used = {
        name[2]
        for path, names in MODULES.items()
        for name in names
        if room_of(name) == room and len(name) == 3 and path.parts[0] != room
    }
    assert used == set(homes)  # nothing is offered that nobody takes


def test_a_script_imports_what_there_is():
    for path in IMPORTS.keys() - MODULES.keys():
        for name in IMPORTS[path]:
            if name[0] == "causalspec" and len(name) > 2:
                module = importlib.import_module(".".join(name[:-1]))
                there = hasattr(module, name[-1]) or importlib.util.find_spec(".".join(name))
                assert there, (path, name)


def test_checking_a_spec_never_imports_torch():
    spec = ROOT / "specs" / "indirect_object" / "indirect_object.causal"
    program = (
        "import sys; from causalspec.command_line import main; status = main(sys.argv[1:]);"
        "print(status, sorted({'torch', 'transformers', 'sympy'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, "check", str(spec)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.splitlines()[-1] == "0 []"
