"""What benchmarks share with tests lies in `tests/`, no package: it is loaded by its path."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1] / "tests"


def shared_with_tests(path: str) -> Any:
    """A module of the tests, such as `compiler/large_questions.py`."""
    specification = importlib.util.spec_from_file_location(Path(path).stem, TESTS / path)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module  # where dataclasses look their annotations up
    specification.loader.exec_module(module)
    return module
