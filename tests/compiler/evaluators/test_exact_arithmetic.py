"""Mechanisms in codes agree with exact fractions, and stay in the interval that they promise."""

from __future__ import annotations

import itertools
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from causalspec.compiler.domains import Numbers
from causalspec.compiler.evaluators.interpret import evaluate
from tests.helpers.compiled import compiled

DOMAINS = {
    "a": ("0..3", [Fraction(n) for n in range(4)]),
    "b": ("-2.5..2.5 step 2.5", [Fraction(-5, 2), Fraction(0), Fraction(5, 2)]),
    "c": ("-3..5 step 4", [Fraction(-3), Fraction(1), Fraction(5)]),
}
CONSTANTS = ["0", "1", "3", "0.5", "1.25", "2.50"]
DIVISORS = ["1", "2", "3", "0.5", "2.5"]

Meaning = tuple[str, str]
"""An expression of the language, and of Python over fractions."""


def combined(parts: st.SearchStrategy[Meaning]) -> st.SearchStrategy[Meaning]:
    def binary(operator: str, left: Meaning, right: Meaning) -> Meaning:
        return f"({left[0]}) {operator} ({right[0]})", f"({left[1]}) {operator} ({right[1]})"

    def divided(operator: str, left: Meaning, divisor: str) -> Meaning:
        return f"({left[0]}) {operator} {divisor}", f"({left[1]}) {operator} Fraction('{divisor}')"

    def called(function: str, left: Meaning, right: Meaning) -> Meaning:
        return f"{function}({left[0]}, {right[0]})", f"{function}({left[1]}, {right[1]})"

    def chosen(operator: str, left: Meaning, right: Meaning) -> Meaning:
        return (
            f"(if ({left[0]}) {operator} ({right[0]}) then {left[0]} else {right[0]})",
            f"(({left[1]}) if ({left[1]}) {operator} ({right[1]}) else ({right[1]}))",
        )

    comparison = st.sampled_from(["<", "<=", "==", "!=", ">", ">="])
    return st.one_of(
        st.builds(binary, st.sampled_from(["+", "-", "*"]), parts, parts),
        st.builds(divided, st.sampled_from(["/", "//", "%"]), parts, st.sampled_from(DIVISORS)),
        st.builds(called, st.sampled_from(["min", "max"]), parts, parts),
        st.builds(chosen, comparison, parts, parts),
        parts.map(lambda term: (f"abs({term[0]})", f"abs({term[1]})")),
        parts.map(lambda term: (f"-({term[0]})", f"-({term[1]})")),
        parts.map(lambda term: (f"({term[0]}) ** 2", f"({term[1]}) ** 2")),
    )


def meanings() -> st.SearchStrategy[Meaning]:
    names = st.sampled_from(sorted(DOMAINS)).map(lambda name: (name, name))
    constants = st.sampled_from(CONSTANTS).map(lambda text: (text, f"Fraction('{text}')"))
    return st.recursive(names | constants, combined, max_leaves=6)


@settings(max_examples=100, deadline=None)
@given(meanings())
def test_codes_agree_with_fractions(meaning: Meaning) -> None:
    written, python = meaning
    inputs = "".join(f"  input {name} : {text}\n" for name, (text, _) in DOMAINS.items())
    text = f"task T {{\n{inputs}  let value = {written}\n  output y : bool = a == 1\n}}\n"
    model = compiled(text).tasks["T"].model
    result = model.by_name["value"]
    assert isinstance(result.domain, Numbers)
    assert result.mechanism is not None
    exact = compile(python, "meaning", "eval")
    for values in itertools.product(*(domain for _, domain in DOMAINS.values())):
        setting = dict(zip(DOMAINS, values, strict=True))
        codes: dict[str, int] = {}
        for name, value in setting.items():
            domain = model.by_name[name].domain
            assert isinstance(domain, Numbers)
            codes[name] = int(value * domain.denominator)
            assert codes[name] in domain.codes()
        code = evaluate(result.mechanism, codes)
        assert code in result.domain.codes()
        expected = eval(exact, {"Fraction": Fraction}, setting)
        assert result.domain.value(code) == expected
