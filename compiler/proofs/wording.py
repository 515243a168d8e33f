"""Codes as people read them in messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..domains import Domain, Numbers
from ..model import CausalModel


def value_text(domain: Domain, code: int) -> str:
    """A code in its domain's words; a code from outside it as a number."""
    if isinstance(domain, Numbers) or code in domain.codes():
        return domain.text(code)
    return str(code)


def assigned(model: CausalModel, name: str, code: int) -> str:
    """`amount = 2.50`."""
    return f"{name} = {value_text(model.by_name[name].domain, code)}"


def setting_text(model: CausalModel, setting: Mapping[str, int], names: Iterable[str]) -> str:
    """`lower = 0.00, upper = 2.50`, for at most twelve of the names."""
    parts = [assigned(model, name, setting[name]) for name in names]
    return ", ".join(parts if len(parts) <= 12 else [*parts[:12], "…"])
