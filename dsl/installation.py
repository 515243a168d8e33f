"""How causalspec is installed, as messages say it."""

from __future__ import annotations

SOURCE = " @ git+https://github.com/causalspec/causalspec"
"""Where it comes from; empty as soon as a package index has it."""


def install_command(extra: str) -> str:
    """The command that brings what an extra such as `run` needs."""
    return f"pip install 'causalspec[{extra}]{SOURCE}'"
