"""Controls that a claim gives no meaning."""

from __future__ import annotations


class NotTested(Exception):  # noqa: N818 (an answer, not a mistake)
    """A control cannot be run on these pairs at these sites; the message says why."""
