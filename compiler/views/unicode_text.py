"""Mathematics on one line of Unicode characters, in the words of the language where it has some."""

from __future__ import annotations

import importlib
from decimal import Decimal
from typing import Any

# How tightly each kind of expression holds together.
_CHOICE, _OR, _AND, _NOT, _RELATION, _SUM, _PRODUCT, _ATOM = range(8)

_RELATIONS = {
    "Equality": "=",
    "Unequality": "≠",
    "LessThan": "≤",
    "StrictLessThan": "<",
    "GreaterThan": "≥",
    "StrictGreaterThan": ">",
    "Equivalent": "=",
    "Xor": "≠",
}


def unicode_text(formula: Any) -> str:
    """A SymPy expression of `symbolic` as people write it: `⌊(x + y)/10⌋`, `not a and b ≤ c`."""
    return _written(formula)[0]


def _written(formula: Any) -> tuple[str, int]:
    """The text and how tightly it holds together."""
    kind: str = formula.func.__name__
    arguments = formula.args
    if kind in _RELATIONS:
        sides = [_within(one, _SUM) for one in arguments]
        return f" {_RELATIONS[kind]} ".join(sides), _RELATION
    match kind:
        case "Symbol":
            return formula.name.partition(" ")[2], _ATOM
        case "BooleanTrue" | "BooleanFalse":
            return kind.removeprefix("Boolean").lower(), _ATOM
        case "And":
            return " and ".join(_within(one, _NOT) for one in _sorted(arguments)), _AND
        case "Or":
            return " or ".join(_within(one, _AND) for one in _sorted(arguments)), _OR
        case "Not":
            return f"not {_within(arguments[0], _RELATION)}", _NOT
        case "ITE":
            return _choice([(arguments[1], arguments[0])], arguments[2]), _CHOICE
        case "choose":
            return _choice([(arguments[1], arguments[0])], arguments[2]), _CHOICE
        case "Piecewise":
            *arms, (last, _) = arguments
            return _choice(arms, last), _CHOICE
        case "floor":
            together = importlib.import_module("sympy").together
            return f"⌊{_written(together(arguments[0]))[0]}⌋", _ATOM
        case "Abs":
            return f"|{_written(arguments[0])[0]}|", _ATOM
        case "Mod":
            return f"{_within(arguments[0], _ATOM)} mod {_within(arguments[1], _ATOM)}", _PRODUCT
        case "Tuple":
            return f"({', '.join(_written(one)[0] for one in arguments)})", _ATOM
        case "Add":
            return _sum(formula), _SUM
        case "Mul":
            return _product(formula), _PRODUCT
        case "Pow":
            return f"{_within(arguments[0], _ATOM)}^{_within(arguments[1], _ATOM)}", _ATOM
        case "Rational" | "Half":
            text = _number(formula)
            return text, _ATOM if text.replace(".", "").isdigit() else _PRODUCT
        case _ if formula.is_Integer:
            return str(formula), _SUM if formula < 0 else _ATOM
        case _:
            name = {"Min": "min", "Max": "max"}.get(kind, kind)
            return f"{name}({', '.join(_written(one)[0] for one in _sorted(arguments))})", _ATOM


def _number(formula: Any) -> str:
    """A decimal where a short one exists: `2.5`, `1/3`."""
    denominator = int(formula.q)
    if 10**6 % denominator:
        return str(formula)
    return str(Decimal(int(formula.p)) / denominator)


def _within(formula: Any, least: int) -> str:
    """In parentheses where it holds together less tightly than what stands around it."""
    text, strength = _written(formula)
    return text if strength >= least else f"({text})"


def _sorted(arguments: Any) -> list[Any]:
    """Sets of operands in the order of what they say, numbers last."""
    return sorted(arguments, key=lambda one: (bool(one.is_number), _written(one)[0]))


def _choice(arms: Any, last: Any) -> str:
    parts = [(_within(condition, _OR), _within(value, _OR)) for value, condition in arms]
    choices = "".join(f"if {condition} then {value} else " for condition, value in parts)
    return choices + _within(last, _OR)


def _sum(formula: Any) -> str:
    terms = sorted(formula.args, key=_place_in_sum)
    text = _within(terms[0], _SUM)
    for term in terms[1:]:
        negative = bool(term.could_extract_minus_sign())
        text += f" {'-' if negative else '+'} {_within(-term if negative else term, _PRODUCT)}"
    return text


def _place_in_sum(term: Any) -> tuple[bool, bool]:
    """Numbers stand last, what is taken away after what is added."""
    return bool(term.is_number), bool(term.could_extract_minus_sign())


def _product(formula: Any) -> str:
    """`3·x`, `(x + y)/10`, `-x`."""
    numerator, denominator = formula.as_numer_denom()
    if denominator != 1:
        least = _ATOM if numerator.func.__name__ == "Mod" else _PRODUCT
        return f"{_within(numerator, least)}/{_within(denominator, _ATOM)}"
    if formula.could_extract_minus_sign():
        return f"-{_within(-formula, _PRODUCT)}"
    numbers = [one for one in formula.args if one.is_number]
    factors = [*numbers, *(one for one in formula.args if not one.is_number)]
    return "·".join(_within(one, _ATOM) for one in factors)
