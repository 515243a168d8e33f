"""What the library's specs compile to: whole models, designs and claims."""

from __future__ import annotations

import subprocess
import sys

import pytest

from causalspec.compiler.domains import Numbers, Symbols, Truths, TupleField, Tuples
from causalspec.compiler.evaluators.interpret import evaluate, settings, solve
from causalspec.compiler.expressions import (
    AbsoluteValue,
    All,
    Arithmetic,
    ArithmeticOperator,
    Choose,
    Compare,
    ComparisonOperator,
    Constant,
    Not,
    Reference,
    references,
)
from causalspec.compiler.model import Role, Variable
from causalspec.compiler.specification import (
    Method,
    Metric,
    MetricArithmetic,
    Specification,
    SwapKind,
    TokenPosition,
)
from tests.helpers.compiled import attempt, compiled
from tests.helpers.spec_files import LIBRARY, SPECS, loaded, spec_file

PRICE = Numbers(0, 999, 1, 100)
LESS_OR_EQUAL = ComparisonOperator.LESS_OR_EQUAL


def library(name: str) -> Specification:
    return loaded(spec_file(name))


def test_every_folder_of_the_library_has_its_spec() -> None:
    """Or describes a study of specs beside it, and nothing else."""
    studies = {path.parent for path in SPECS.glob("*/reproduction.toml")}
    bare = {path for path in studies if len(list(path.iterdir())) == 1}
    folders = {path for path in SPECS.iterdir() if path.is_dir()}
    assert {path.parent for path in LIBRARY} == folders - bare


def test_equality_is_compared_with_equality() -> None:
    specification = library("hierarchical_equality")
    model = specification.models["BothEqualities"]
    shapes = [Variable(name, Role.INPUT, Numbers(0, 9)) for name in "abcd"]
    equal = ComparisonOperator.EQUAL

    def same(left: str, right: str) -> Compare:
        return Compare(equal, Reference(left), Reference(right))

    assert model.variables == (
        *shapes,
        Variable("left", Role.VARIABLE, Truths(), same("a", "b")),
        Variable("right", Role.VARIABLE, Truths(), same("c", "d")),
        Variable("same", Role.OUTPUT, Truths(), same("left", "right")),
    )
    design = specification.counterfactuals["OneOrBoth"]
    assert design.kinds == (
        SwapKind(("left",), (0,)),
        SwapKind(("right",), (0,)),
        SwapKind(("left", "right"), (1, 2)),
    )
    assert design.source_names == ("source", "s1", "s2")
    assert design.balance is not None
    read = references(design.balance.expression)
    assert set(read) == {"base.a", "base.b", "base.same", "result.same"}
    balanced = ("left", "before", "after")
    assert design.balance_domain == Tuples(tuple(TupleField(n, Truths()) for n in balanced))
    assert design.seed == 7
    assert [example.inputs for example in specification.examples] == [
        {"a": 1, "b": 1, "c": 2, "d": 2},
        {"a": 1, "b": 1, "c": 2, "d": 3},
        {"a": 1, "b": 1, "c": 2, "d": 3},
    ]
    assert specification.examples[2].interventions == {"right": 1}


def test_decimals_are_scaled_exactly() -> None:
    specification = library("price_tagging")
    lower, upper, amount = Reference("lower"), Reference("upper"), Reference("amount")
    add, subtract = ArithmeticOperator.ADD, ArithmeticOperator.SUBTRACT
    width = Arithmetic(subtract, upper, lower)
    task = specification.tasks["PriceTagging"].model
    assert task.requirement == All(
        (Compare(LESS_OR_EQUAL, Constant(250), width), Compare(LESS_OR_EQUAL, width, Constant(750)))
    )
    midpoint, answer = specification.models["MidpointDistance"].variables[3:]
    assert midpoint == Variable(
        "midpoint", Role.VARIABLE, Numbers(0, 1998, 1, 200), Arithmetic(add, lower, upper)
    )
    doubled = Arithmetic(ArithmeticOperator.MULTIPLY, amount, Constant(2))
    distance = AbsoluteValue(Arithmetic(subtract, doubled, Reference("midpoint")))
    assert answer.mechanism == Choose(
        Compare(LESS_OR_EQUAL, distance, width), Constant(0), Constant(1)
    )
    bracket = specification.models["BracketIdentity"].by_name["bracket"]
    assert bracket.domain == Tuples((TupleField("low", PRICE), TupleField("high", PRICE)))
    grid = specification.alignments["Grid"].placements[0]
    assert grid.method == Method("boundless_das", (("dim", 64),))
    (tokens,) = grid.tokens
    assert isinstance(tokens, TokenPosition)
    assert tokens.text == "last"


def test_claims_hold_arithmetic_of_scores() -> None:
    claim = library("indirect_object").claims["PositionIsAVariable"]
    first, second, _ = claim.expectations
    iia = Metric("iia", "mean", None)
    assert (first.left, first.operator, first.right) == (iia, ">=", 0.85)
    control = Metric("iia", "mean", "random_subspace")
    assert second.left == MetricArithmetic("-", iia, control)
    assert second.text == "iia - iia(random_subspace) >= 0.25"
    assert (claim.data, claim.alignment) == ((("SwapPosition", "test"),), "MiddleLayers")


def test_words_unite_and_facts_are_read_from_the_table() -> None:
    specification = library("city_attributes")
    answer = specification.tasks["CityFact"].model.by_name["answer"].domain
    assert isinstance(answer, Symbols)
    assert {"France", "Europe", "French"} <= set(answer.members)
    assert list(specification.files) == ["cities.csv"]


def test_a_family_is_a_graph_of_its_members() -> None:
    model = library("addition").models["CarryChain"]
    assert model.intermediates == ("carry[0]", "carry[1]", "carry[2]", "carry[3]")
    assert model.by_name["carry[0]"].mechanism == Constant(0)
    assert model.by_name["carry[1]"].parents == ("x[0]", "y[0]", "carry[0]")
    assert model.by_name["z[3]"].mechanism == Reference("carry[3]")


def test_a_model_holds_the_abbreviations_that_it_reads_and_no_others() -> None:
    specification = compiled("""
      task T {
        input a, b : 0..9
        let sum = a + b
        let product = a * b
        require product > 0
        output y : bool = sum > 9
      }
      model M of T { var large = a > 4  output y = large }
      model N of T { var large = sum > 9  output y = large }
    """)
    m, n = specification.models["M"], specification.models["N"]
    assert [variable.name for variable in m.variables] == ["a", "b", "product", "large", "y"]
    assert [variable.name for variable in n.variables] == ["a", "b", "sum", "product", "large", "y"]


def test_symbols_are_recoded_into_larger_sets() -> None:
    specification = compiled("""
      task T {
        input a : {No, Yes}
        output y : {Yes, Perhaps, No} = a
      }
    """)
    mechanism = specification.tasks["T"].model.by_name["y"].mechanism
    assert repr(mechanism) == "Lookup(table=(2, 0), index=Reference(name='a'))"


def test_noise_is_weighted_in_whole_numbers() -> None:
    specification = compiled("""
      task T {
        input a : {Red, Green, Blue} ~ weights { Red => 0.5  Green, Blue => 0.25 }
        output y : bool = a == Red
      }
      model M of T approximately {
        noise slip : bool ~ bernoulli(0.05)
        output y = (a == Red) != slip
      }
    """)
    assert specification.tasks["T"].model.by_name["a"].weights == (2, 1, 1)
    assert specification.models["M"].by_name["slip"].weights == (19, 1)


def test_an_abbreviation_that_the_model_does_not_read_is_written_out_in_pairs() -> None:
    specification = compiled("""
      task T {
        input a, b : 0..9
        let sum = a + b
        output y : bool = a > b
      }
      model M of T { var large = a > b  output y = large }
      counterfactuals D of M {
        swap large
        keep where base.sum != source.sum
        split train 10
      }
    """)
    keep = specification.counterfactuals["D"].keep[0].expression

    def total(side: str) -> Arithmetic:
        names = Reference(f"{side}.a"), Reference(f"{side}.b")
        return Arithmetic(ArithmeticOperator.ADD, *names)

    assert keep == Compare(ComparisonOperator.NOT_EQUAL, total("base"), total("source"))


def test_deep_nesting_and_inlining_need_no_deep_stack() -> None:
    nested = "not (" * 60 + "a" + ")" * 60
    specification, diagnostics = attempt(f"""
      function f(x : bool) = {nested.replace("a", "x")}
      task T {{
        input a : bool
        output y : bool = f(f(f(f(f(a)))))
      }}
    """)
    assert [diagnostic.message for diagnostic in diagnostics] == []
    assert specification is not None


def test_compiling_imports_neither_torch_nor_solvers() -> None:
    program = (
        "import sys, causalspec.compiler.compile;"
        "print(sorted({'torch', 'sympy', 'z3', 'numpy'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_negation_survives() -> None:
    specification = compiled("task T { input a : bool  output y : bool = not a }")
    assert specification.tasks["T"].model.by_name["y"].mechanism == Not(Reference("a"))


@pytest.mark.parametrize(
    ("operations", "variables"),
    [
        ("marginalize left, right", ("sum",)),
        ("merge (left, right) as both  marginalize sum", ("both",)),
        (
            "marginalize left, right  collapse sum { 0..9 => Small  else => Big }",
            ("sum",),
        ),
    ],
)
def test_derived_models_compute_what_they_abstract(
    operations: str, variables: tuple[str, ...]
) -> None:
    specification = compiled(f"""
      task T {{
        input a, b : 0..9
        output y : bool = a + b > 9
      }}
      model Fine of T {{
        var left = a
        var right = b
        var sum = left + right
        output y = sum > 9
      }}
      derive Coarse from Fine {{ {operations} }}
    """)
    abstraction = specification.abstractions["Coarse"]
    coarse = specification.models["Coarse"]
    assert abstraction.coarse is coarse
    assert coarse.intermediates == variables
    for inputs in settings(coarse):
        fine, abstract = solve(abstraction.fine, inputs), solve(coarse, inputs)
        assert abstract["y"] == fine["y"]
        for name, value in abstraction.values.items():
            assert abstract[name] == evaluate(value, fine)


def test_an_example_gives_a_tuple_a_value() -> None:
    """A tuple of constants is a constant, also where its fields are converted to wider types."""
    (example,) = compiled("""
      task T {
        input p : (x : 0..4, up : bool)
        output y : 0..4 = if p.up then p.x else 0
        example { p = (x = 3, up = true) } gives { y = 3 }
      }
    """).examples
    assert example.inputs == {"p": 7}
