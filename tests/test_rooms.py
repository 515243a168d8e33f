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


def imports_of(path: Path) -> set[tuple[str, ...]]:
    """Each import of a module as a path of names; relative ones start with the room they reach."""
    room = path.relative_to(ROOT).parts[0]
    package = [room, *path.relative_to(ROOT).parts[1:-1]]
    if room != "causalspec":
        package.insert(0, "causalspec")
    found: set[tuple[str, ...]] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {tuple(alias.name.split(".")) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module.split(".") if node.module else []
            start = package[: len(package) - node.level + 1] if node.level else []
            base = (*start, *module)
            found |= {(*base, alias.name) for alias in node.names}
    return found


def room_of(name: tuple[str, ...]) -> str | None:
    if name[:1] != ("causalspec",):
        return None
    return name[1] if len(name) > 1 and name[1] in ROOMS else "causalspec"


MODULES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path: Path):
    room = path.relative_to(ROOT).parts[0]
    allowed = ROOMS[: ROOMS.index(room) + 1]
    reached = {room_of(name) for name in imports_of(path)} - {None}
    assert reached <= set(allowed)
    if room in ("dsl", "compiler"):
        assert not {name[0] for name in imports_of(path)} & HEAVY


FACED = ("compiler", "runtime")
"""Rooms whose face names all that others may import."""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_rooms_are_entered_by_their_faces(path: Path):
    room = path.relative_to(ROOT).parts[0]
    for name in imports_of(path):
        reached = room_of(name)
        if reached in FACED and reached != room:
            assert len(name) <= 3, f"{'.'.join(name)} is deeper than the face of {reached}"


@pytest.mark.parametrize("room", FACED)
def test_a_face_names_what_is_there(room: str):
    face = importlib.import_module(f"causalspec.{room}")
    homes: dict[str, str] = face._HOMES  # no other name says what a face offers lazily
    assert all(getattr(face, name) is not None for name in homes)
    used = {
        name[2]
        for path in MODULES
        for name in imports_of(path)
        if room_of(name) == room and len(name) == 3 and path.relative_to(ROOT).parts[0] != room
    }
    assert used == set(homes)  # nothing is offered that nobody takes


SCRIPTS = [
    path for folder in ("specs", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))
]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_script_imports_what_there_is(path: Path):
    for name in imports_of(path):
        if name[0] == "causalspec" and len(name) > 2:
            module = importlib.import_module(".".join(name[:-1]))
            assert hasattr(module, name[-1]) or importlib.util.find_spec(".".join(name)), name


def test_imports_are_absolute():
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.ImportFrom) and node.level), path


def test_the_direction_test_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    (tmp_path / "dsl").mkdir()
    planted = tmp_path / "dsl" / "planted.py"
    planted.write_text("from ..compiler import model\nimport torch\n", encoding="utf-8")
    assert imports_of(planted) == {("causalspec", "compiler", "model"), ("torch",)}
    with pytest.raises(AssertionError):
        test_imports_point_one_way(planted)


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


LOWER = [
    path
    for part in ("front", "evaluators", "data")
    for path in (ROOT / "compiler" / part).rglob("*")
]
HIGHER = {"proofs", "review", "sampling", "views"}


@pytest.mark.parametrize(
    "path",
    [path for part in LOWER for path in sorted((ROOT / "compiler" / part).rglob("*.py"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_no_import_climbs_within_the_compiler(path: Path):
    reached = {name[2] for name in imports_of(path) if name[:2] == ("causalspec", "compiler")}
    assert not reached & HIGHER
