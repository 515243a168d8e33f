"""The large questions that proofs are promised for: tests ask them, a benchmark times them."""

from __future__ import annotations

from pathlib import Path

from causalspec.compiler.compile import compile_file
from causalspec.compiler.derived_models import differs, of_task, side_by_side
from causalspec.compiler.expressions import Expression
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import Specification
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source

_SPECS = Path(__file__).parents[2] / "specs"
PRICE_MODELS = ("LeftBoundary", "LeftAndRightBoundary", "MidpointDistance", "BracketIdentity")


def price_tagging() -> str:
    """About 3 * 10^8 admissible inputs."""
    return (_SPECS / "price_tagging" / "price_tagging.causal").read_text(encoding="utf-8")


def ten_digits() -> str:
    """The addition of the library with ten digits in place of three, without its examples."""
    text = (_SPECS / "addition" / "addition.causal").read_text(encoding="utf-8")
    lines = text.replace("digits = 3", "digits = 10").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith(("example", "derive")))


def ten_digits_with_a_wrong_carry() -> str:
    """Every carry but the first counts one too many."""
    planted = ten_digits().replace("carry[i - 1]) // 10", "carry[i - 1] + 1) // 10")
    assert planted != ten_digits()
    return planted


def a_thousand_variables() -> str:
    """A random-looking graph: each variable reads three of the forty before it."""
    lines = ["language 1", "task T { input a, b, c : 0..9  output y : 0..9 = a }"]
    lines.append("model M of T approximately {")
    names = ["a", "b", "c"]
    for number in range(1000):
        first, second, third = (names[-1 - (number * k) % min(len(names), 40)] for k in (1, 7, 11))
        lines.append(f"  var v{number} : 0..9 = ({first} + {second} * 3 + {third}) % 10")
        names.append(f"v{number}")
    lines.append(f"  output y = max({names[-1]}, min({', '.join(names[-20:])}))\n}}")
    return "\n".join(lines)


def specification_of(text: str) -> Specification:
    """The specification of a text that has no mistake."""
    diagnostics = Diagnostics()
    specification = compile_file(
        parse(Source("large.causal", text), diagnostics), None, diagnostics
    )
    assert specification is not None
    return specification


def output_differs(
    specification: Specification, model: str, task: str
) -> tuple[CausalModel, Expression]:
    """A model beside its task, and whether their outputs differ."""
    other = specification.tasks[task].model
    both = side_by_side(specification.models[model], other)
    return both, differs({output: of_task(output) for output in other.outputs})
