"""The shared table of cases: every evaluator computes each of them, or refuses it as stated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

from causalspec.compiler.domains import (
    Column,
    Domain,
    Numbers,
    Rows,
    Symbols,
    Truths,
    TupleField,
    Tuples,
)
from causalspec.compiler.expressions import (
    AbsoluteValue,
    All,
    Any,
    Arithmetic,
    ArithmeticOperator,
    Choose,
    Compare,
    ComparisonOperator,
    Constant,
    Distinct,
    Expression,
    Lookup,
    Not,
    Reference,
    Within,
)
from causalspec.compiler.model import CausalModel, Role, Variable


@dataclass(frozen=True)
class Case:
    """`refused` is how the column evaluators refuse the model; None where they compute it."""

    name: str
    model: CausalModel
    refused: str | None = None


Operand = Expression | str | int


def expression(operand: Operand) -> Expression:
    """A name stands for its reference, a number for its constant."""
    match operand:
        case str():
            return Reference(operand)
        case int():
            return Constant(operand)
        case _:
            return operand


def arithmetic(left: Operand, operator: str, right: Operand) -> Expression:
    return Arithmetic(ArithmeticOperator(operator), expression(left), expression(right))


def compare(left: Operand, operator: str, right: Operand) -> Expression:
    return Compare(ComparisonOperator(operator), expression(left), expression(right))


def choose(condition: Operand, then: Operand, otherwise: Operand) -> Expression:
    return Choose(expression(condition), expression(then), expression(otherwise))


def total(operands: list[Expression]) -> Expression:
    return reduce(lambda left, right: arithmetic(left, "+", right), operands)


def given(name: str, domain: Domain) -> Variable:
    return Variable(name, Role.INPUT, domain)


def noise(name: str, domain: Domain, weights: tuple[int, ...] | None = None) -> Variable:
    return Variable(name, Role.NOISE, domain, weights=weights)


def let(name: str, domain: Domain, mechanism: Operand) -> Variable:
    return Variable(name, Role.ABBREVIATION, domain, expression(mechanism))


def var(name: str, domain: Domain, mechanism: Operand) -> Variable:
    return Variable(name, Role.VARIABLE, domain, expression(mechanism))


def output(name: str, domain: Domain, mechanism: Operand) -> Variable:
    return Variable(name, Role.OUTPUT, domain, expression(mechanism))


# Price tagging -----------------------------------------------------------------------------------

TRUTHS = Truths()
PRICE = Numbers(0, 999, 1, 100)
ANSWER = Symbols(("Yes", "No"), "Answer")
PRICES = (given("lower", PRICE), given("upper", PRICE), given("amount", PRICE))
AFFORDABLE = Within(arithmetic("upper", "-", "lower"), 250, 750)


def price_tagging(name: str, *variables: Variable) -> CausalModel:
    return CausalModel(name, "PriceTagging", (*PRICES, *variables), AFFORDABLE)


def yes_if(*conditions: Operand) -> Variable:
    truth = All(tuple(expression(condition) for condition in conditions))
    return output("answer", ANSWER, choose(truth, 0, 1))


ABOVE = var("above", TRUTHS, compare("lower", "<=", "amount"))
BELOW = var("below", TRUTHS, compare("amount", "<=", "upper"))
PRICE_TAGGING = price_tagging(
    "PriceTagging", yes_if(compare("lower", "<=", "amount"), compare("amount", "<=", "upper"))
)
LEFT_BOUNDARY = price_tagging("LeftBoundary", ABOVE, yes_if("above", BELOW.mechanism or 0))
LEFT_AND_RIGHT_BOUNDARY = price_tagging(
    "LeftAndRightBoundary", ABOVE, BELOW, yes_if("above", "below")
)
MIDPOINT_DISTANCE = price_tagging(
    "MidpointDistance",
    var("midpoint", Numbers(0, 1998, 1, 200), arithmetic("lower", "+", "upper")),
    yes_if(
        compare(
            AbsoluteValue(arithmetic(arithmetic("amount", "*", 2), "-", "midpoint")),
            "<=",
            arithmetic("upper", "-", "lower"),
        )
    ),
)
BRACKET_IDENTITY = price_tagging(
    "BracketIdentity",
    var(
        "bracket",
        Tuples((TupleField("low", PRICE), TupleField("high", PRICE))),
        arithmetic(arithmetic("lower", "*", 1000), "+", "upper"),
    ),
    yes_if(
        compare(arithmetic("bracket", "//", 1000), "<=", "amount"),
        compare("amount", "<=", arithmetic("bracket", "%", 1000)),
    ),
)

# Hierarchical equality ---------------------------------------------------------------------------

SHAPE = Numbers(0, 9)


def hierarchical_equality(name: str, *variables: Variable) -> CausalModel:
    shapes = tuple(given(shape, SHAPE) for shape in "abcd")
    return CausalModel(name, "SameRelation", (*shapes, *variables))


LEFT = var("left", TRUTHS, compare("a", "==", "b"))
RIGHT = var("right", TRUTHS, compare("c", "==", "d"))
SAME_RELATION = hierarchical_equality(
    "SameRelation",
    output("same", TRUTHS, compare(compare("a", "==", "b"), "==", compare("c", "==", "d"))),
)
BOTH_EQUALITIES = hierarchical_equality(
    "BothEqualities", LEFT, RIGHT, output("same", TRUTHS, compare("left", "==", "right"))
)
LEFT_EQUALITY = hierarchical_equality(
    "LeftEquality",
    LEFT,
    output("same", TRUTHS, compare("left", "==", compare("c", "==", "d"))),
)
FIRST_ARGUMENT = hierarchical_equality(
    "FirstArgument",
    var("first", SHAPE, "a"),
    output("same", TRUTHS, compare(compare("first", "==", "b"), "==", compare("c", "==", "d"))),
)

# Indirect object ---------------------------------------------------------------------------------

NAME = Symbols(("Mary", "John", "Ann", "Tom", "Sue"), "Name")
ORDINAL = Symbols(("First", "Second"))


def indirect_object(name: str, *variables: Variable) -> CausalModel:
    inputs = (
        given("first", NAME),
        given("second", NAME),
        given("repeated", ORDINAL),
        given("place", Symbols(("store", "park"), "Place")),
    )
    return CausalModel(
        name, "IndirectObject", (*inputs, *variables), compare("first", "!=", "second")
    )


def other_name(repeated: str) -> Expression:
    return choose(compare(repeated, "==", 0), "second", "first")


POSITION_THEN_NAME = indirect_object(
    "PositionThenName",
    let("subject", NAME, choose(compare("repeated", "==", 0), "first", "second")),
    var("position", ORDINAL, "repeated"),
    output("answer", NAME, other_name("position")),
)
NAME_DIRECTLY = indirect_object(
    "NameDirectly",
    var("name", NAME, other_name("repeated")),
    output("answer", NAME, "name"),
)

# Addition with carries ---------------------------------------------------------------------------


def addition(digits: int) -> tuple[CausalModel, CausalModel, CausalModel]:
    """The task, the chain of carries, and the shortcut without carries."""
    digit = Numbers(0, 9)
    places = range(digits)
    inputs = (
        *(given(f"x[{i}]", digit) for i in places),
        *(given(f"y[{i}]", digit) for i in places),
    )
    column = [arithmetic(f"x[{i}]", "+", f"y[{i}]") for i in places]
    sum_of_all = total([arithmetic(column[i], "*", 10**i) for i in places])
    task = (
        let("total", Numbers(0, 2 * (10**digits - 1)), sum_of_all),
        *(
            output(f"z[{i}]", digit, arithmetic(arithmetic("total", "//", 10**i), "%", 10))
            for i in range(digits + 1)
        ),
    )

    def carried(i: int) -> Expression:
        return arithmetic(column[i], "+", f"carry[{i}]")

    bit = Numbers(0, 1)
    chain = (
        var("carry[0]", bit, 0),
        *(var(f"carry[{i + 1}]", bit, arithmetic(carried(i), "//", 10)) for i in places),
        *(output(f"z[{i}]", digit, arithmetic(carried(i), "%", 10)) for i in places),
        output(f"z[{digits}]", digit, f"carry[{digits}]"),
    )
    shortcut = (
        *(output(f"z[{i}]", digit, arithmetic(column[i], "%", 10)) for i in places),
        output(f"z[{digits}]", digit, 0),
    )
    return (
        CausalModel("Addition", "Addition", (*inputs, *task)),
        CausalModel("CarryChain", "Addition", (*inputs, *chain)),
        CausalModel("NoCarry", "Addition", (*inputs, *shortcut), approximately=True),
    )


ADDITION, CARRY_CHAIN, NO_CARRY = addition(2)
LONG_ADDITION, LONG_CARRY_CHAIN, _ = addition(5)

# A table -----------------------------------------------------------------------------------------

COUNTRY = Symbols(("France", "Kenya", "Chile"), "country")
LANGUAGE = Symbols(("French", "Swahili", "Spanish"), "language")
CITY = Rows(
    "City",
    ("Paris", "Nairobi", "Lyon", "Santiago"),
    [Column("country", COUNTRY, (0, 1, 0, 2)), Column("language", LANGUAGE, (0, 1, 0, 2))],
)
WORDS = Symbols((*COUNTRY.members, *LANGUAGE.members), "words")
SEPARATE_ATTRIBUTES = CausalModel(
    "SeparateAttributes",
    "CityFact",
    (
        given("city", CITY),
        given("asked", Symbols(("Country", "Language"))),
        var("country", COUNTRY, Lookup((0, 1, 0, 2), Reference("city"))),
        var("language", LANGUAGE, Lookup((0, 1, 0, 2), Reference("city"))),
        output(
            "answer",
            WORDS,
            choose(compare("asked", "==", 0), "country", Lookup((3, 4, 5), Reference("language"))),
        ),
    ),
)

# Every node and corner of arithmetic -------------------------------------------------------------

FLOORED = CausalModel(
    "Floored",
    "Corners",
    (
        given("x", Numbers(-7, 8)),
        given("y", Numbers(-9, 9, 3)),
        var("product", Numbers(-72, 72), arithmetic("x", "*", "y")),
        var("quotient", Numbers(-18, 18), arithmetic("product", "//", 4)),
        var("remainder", Numbers(0, 3), arithmetic("product", "%", 4)),
        output(
            "rebuilt",
            TRUTHS,
            compare(arithmetic(arithmetic("quotient", "*", 4), "+", "remainder"), "==", "product"),
        ),
    ),
)
EVERY_NODE = CausalModel(
    "EveryNode",
    "Corners",
    (
        given("x", Numbers(-5, 6)),
        given("y", Numbers(-3, 3)),
        given("flag", TRUTHS),
        var("smaller", Numbers(-5, 3), arithmetic("x", "min", "y")),
        var("larger", Numbers(-3, 6), arithmetic("x", "max", "y")),
        var("distance", Numbers(0, 9), AbsoluteValue(arithmetic("x", "-", "y"))),
        var("odd", TRUTHS, Within(Reference("x"), -5, 5, 2)),
        var("parity", Numbers(0, 1), arithmetic("x", "%", 2)),
        var(
            "looked",
            Numbers(-40, 700),
            Lookup((-40, 3, 700, 5), arithmetic(arithmetic("x", "+", "y"), "%", 4)),
        ),
        var(
            "truth",
            TRUTHS,
            Any((All((Reference("flag"), Reference("odd"))), Not(Reference("flag")), Any(()))),
        ),
        var("apart", TRUTHS, Distinct((Reference("x"), Reference("y"), Reference("parity")))),
        output("always", TRUTHS, All(())),
        output("mixed", TRUTHS, compare("parity", "==", "truth")),
        output(
            "result",
            Numbers(-300_000, 3_000_000),
            choose(
                "truth",
                arithmetic(arithmetic("looked", "*", 1000), "+", "distance"),
                arithmetic(arithmetic("smaller", "-", "larger"), "*", "parity"),
            ),
        ),
    ),
    requirement=Not(compare("x", "==", "y")),
)
NOISY = CausalModel(
    "Noisy",
    "Noisy",
    (
        given("x", Numbers(0, 9)),
        noise("slips", TRUTHS, (9, 1)),
        noise("by", Numbers(-1, 1)),
        var("seen", Numbers(-1, 10), arithmetic("x", "+", choose("slips", "by", 0))),
        output("high", TRUTHS, compare(5, "<=", "seen")),
    ),
)
NEGATIVE_LIMITS = CausalModel(
    "NegativeLimits",
    "Corners",
    (
        given("x", Numbers(-128, 127)),
        var("size", Numbers(0, 128), AbsoluteValue(Reference("x"))),
        var("opposite", Numbers(-127, 128), arithmetic(0, "-", "x")),
        var("halved", Numbers(-1, 0), arithmetic("x", "//", 128)),
        output("same", TRUTHS, compare("size", "==", arithmetic("x", "max", "opposite"))),
        output("wide", Numbers(-(2**62), 2**62), arithmetic("halved", "*", 2**62)),
    ),
)
LEAVES_ITS_DOMAIN = CausalModel(
    "LeavesItsDomain",
    "Corners",
    (
        given("x", Numbers(0, 9)),
        var("half", Numbers(0, 1), arithmetic("x", "*", 40)),
        output("high", TRUTHS, compare(200, "<=", "half")),
    ),
)
LOOKS_UP_WHAT_LEFT_ITS_DOMAIN = CausalModel(
    "LooksUpWhatLeftItsDomain",
    "Corners",
    (
        given("x", Numbers(-9, 9)),
        var("third", Numbers(0, 2), arithmetic("x", "+", 1)),
        var("table", Numbers(-5, 40), Lookup((40, -5, 7), Reference("third"))),
        output("same", TRUTHS, compare("table", "==", 7)),
    ),
)


def doubled(levels: int) -> Expression:
    """x · 2^levels, from one shared node a level: a tree of 2^levels leaves."""
    node: Expression = Reference("x")
    for _ in range(levels):
        node = arithmetic(node, "+", node)
    return node


SHARED = CausalModel(
    "Shared",
    "Corners",
    (given("x", Numbers(-3, 3)), output("y", Numbers(-(2**43), 2**43), doubled(40))),
)
DEEP = CausalModel(
    "Deep",
    "Corners",
    (
        given("x", Numbers(0, 3)),
        output("y", Numbers(0, 12_000), total([Reference("x")] * 4000)),
    ),
)

# Beyond the column evaluators --------------------------------------------------------------------

OUTSIDE = Symbols(("Cold", "Mild", "Hot"))
THERMOSTAT = CausalModel(
    "Feedback",
    "Room",
    (
        given("outside", OUTSIDE),
        noise("stuck", TRUTHS, (95, 5)),
        var(
            "warm",
            TRUTHS,
            Any((compare("outside", "==", 2), compare("outside", "==", 1), Reference("heater"))),
        ),
        var("heater", TRUTHS, All((compare("outside", "==", 0), Not(Reference("stuck"))))),
        output("heating", TRUTHS, "heater"),
    ),
    cyclic=True,
)
BEYOND_64_BITS = CausalModel(
    "Beyond64Bits",
    "Corners",
    (given("x", Numbers(-3, 3)), output("y", Numbers(-(2**66), 2**66), doubled(64))),
)

CASES = (
    Case("price tagging", PRICE_TAGGING),
    Case("left boundary", LEFT_BOUNDARY),
    Case("left and right boundary", LEFT_AND_RIGHT_BOUNDARY),
    Case("midpoint distance", MIDPOINT_DISTANCE),
    Case("bracket identity", BRACKET_IDENTITY),
    Case("same relation", SAME_RELATION),
    Case("both equalities", BOTH_EQUALITIES),
    Case("left equality", LEFT_EQUALITY),
    Case("first argument", FIRST_ARGUMENT),
    Case("position then name", POSITION_THEN_NAME),
    Case("name directly", NAME_DIRECTLY),
    Case("addition", ADDITION),
    Case("carry chain", CARRY_CHAIN),
    Case("no carry", NO_CARRY),
    Case("long addition", LONG_ADDITION),
    Case("long carry chain", LONG_CARRY_CHAIN),
    Case("separate attributes", SEPARATE_ATTRIBUTES),
    Case("floored", FLOORED),
    Case("every node", EVERY_NODE),
    Case("noisy", NOISY),
    Case("negative limits", NEGATIVE_LIMITS),
    Case("leaves its domain", LEAVES_ITS_DOMAIN),
    Case("looks up what left its domain", LOOKS_UP_WHAT_LEFT_ITS_DOMAIN),
    Case("shared nodes", SHARED),
    Case("deep nesting", DEEP),
    Case(
        "thermostat",
        THERMOSTAT,
        refused="`Feedback` is cyclic: its equilibria are found by the interpreter alone",
    ),
    Case(
        "beyond 64 bits",
        BEYOND_64_BITS,
        refused=f"a value between {-3 * 2**62} and {3 * 2**62} does not fit in 64 bits",
    ),
)


def computed_cases() -> Iterator[Case]:
    """The cases that every evaluator computes."""
    return (case for case in CASES if case.refused is None)
