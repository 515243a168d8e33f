"""Promise 3: a spec is data. Checking one runs none of its code and reads nothing outside."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.helpers import hostile_specs


def test_nothing_forbidden_happens(tmp_path: Path) -> None:
    """In a process of its own: an audit hook stays for as long as its process lives."""
    script = Path(hostile_specs.__file__)
    folder = tmp_path / "outside" / "inside"
    run = subprocess.run(
        [sys.executable, str(script), str(folder)], capture_output=True, text=True, timeout=600
    )
    assert run.stderr == ""
    expected = {name: [sorted(codes), []] for name, (_, codes) in hostile_specs.HOSTILE.items()}
    watch_sees = ["open", "socket.__new__", "compile", "exec"]
    assert json.loads(run.stdout) == {**expected, "what is forbidden": [[], watch_sees]}
    assert len(expected) >= 25
