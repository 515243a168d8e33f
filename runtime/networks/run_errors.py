"""What a network's forward pass raises by itself."""

from __future__ import annotations

RUN_ERRORS = (
    RuntimeError, ValueError, TypeError, IndexError, AttributeError, KeyError, AssertionError,
    NotImplementedError, UnboundLocalError, ZeroDivisionError, ImportError,
)  # fmt: skip
"""Memory that runs out is told apart (`memory`)."""
