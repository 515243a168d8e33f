"""What benchmarks share with tests lies in `tests/helpers/`, which nobody installs."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def shared_with_tests(name: str) -> Any:
    """A module of the tests' helpers, such as `large_questions`."""
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))
    return importlib.import_module(f"tests.helpers.{name}")
