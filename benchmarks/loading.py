"""What benchmarks share with tests lies in `tests/`, no package: it is loaded by its path."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

TESTS = Path(__file__).parents[1] / "tests"
PACKAGE = "shared_tests"


def shared_with_tests(path: str) -> Any:
    """A module of the tests, such as `compiler/large_questions.py`."""
    if PACKAGE not in sys.modules:  # under one name, so that they can import each other
        package = ModuleType(PACKAGE)
        package.__path__ = [str(TESTS)]
        sys.modules[PACKAGE] = package
    return importlib.import_module(f"{PACKAGE}.{path.removesuffix('.py').replace('/', '.')}")
