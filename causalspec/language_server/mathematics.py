"""Mechanisms as mathematics in plain text: editors show hovers in a fixed-width font, not LaTeX."""

from __future__ import annotations

import importlib
from typing import Any

from causalspec.compiler import CausalModel, TooLargeToShowError, mechanism_formula


def mechanism_over_lines(model: CausalModel, name: str) -> str | None:
    """A mechanism over several lines, `carry = ⌊x/10⌋`; None where nobody would read it."""
    try:
        formula = mechanism_formula(model, name)
    except (TooLargeToShowError, ValueError):
        return None
    sympy: Any = importlib.import_module("sympy")
    shown = formula.xreplace({one: _plain(sympy, one) for one in formula.free_symbols})
    text: str = sympy.pretty(shown, use_unicode=True, wrap_line=False)
    return f"{name} =\n{text}" if "\n" in text else f"{name} = {text}"


def _plain(sympy: Any, symbol: Any) -> Any:
    """A symbol under the name that people know it by; words stand in quotes."""
    kind, _, name = symbol.name.partition(" ")
    # SymPy orders an equation's sides by name: these quotes stand behind every letter.
    written = f"“{name}”" if kind == "word" else name
    return sympy.Symbol(written, real=True) if symbol.is_real else sympy.Symbol(written)
