"""One fold over expressions, and what a model knows of its graph."""

from __future__ import annotations

from causalspec.compiler.domains import Truths
from causalspec.compiler.expressions import (
    All,
    Arithmetic,
    ArithmeticOperator,
    Choose,
    Compare,
    ComparisonOperator,
    Constant,
    Defined,
    Distinct,
    Expression,
    Lookup,
    Not,
    Reference,
    Undefined,
    Within,
    children,
    conjuncts,
    fold,
    measure,
    postorder,
    rebuild,
    references,
    renamed,
    shared,
)
from causalspec.compiler.model import CausalModel, Role, Variable

A, B, ONE = Reference("a"), Reference("b"), Constant(1)
WHOLE = Choose(
    All((Compare(ComparisonOperator.LESS, A, ONE), Not(Within(B, 0, 4, 2)))),
    Lookup((3, 4), Arithmetic(ArithmeticOperator.ADD, B, A)),
    Choose(Defined(A), ONE, Undefined("nothing")),
)


def test_a_node_over_its_own_operands_is_itself():
    for node in postorder(WHOLE):
        assert rebuild(node, children(node)) == node
    assert rebuild(Not(A), (B,)) == Not(B)
    assert rebuild(All((A, B)), (B, A)) == All((B, A))
    assert rebuild(Within(A, 0, 4, 2), (B,)) == Within(B, 0, 4, 2)
    assert rebuild(Distinct((A, B)), (ONE, B)) == Distinct((ONE, B))


def test_what_is_alike_becomes_one_object():
    def clause() -> Expression:
        looked = Lookup((3, 4), Arithmetic(ArithmeticOperator.ADD, Reference("a"), Constant(1)))
        return All((Compare(ComparisonOperator.LESS, looked, Reference("b")), Not(Reference("c"))))

    known: dict[tuple[object, ...], Expression] = {}
    twice = All((clause(), Not(clause())))
    found = shared(twice, known)
    assert found == twice
    assert (len(postorder(twice)), len(postorder(found))) == (20, 11)
    assert shared(clause(), known) is children(found)[0]
    assert shared(found, known) is found


def test_what_is_undefined_for_another_reason_stays_another():
    found = shared(All((Undefined("nothing holds"), Undefined("no arm"))), {})
    reasons = [part.reason for part in children(found) if isinstance(part, Undefined)]
    assert reasons == ["nothing holds", "no arm"]


def test_the_parts_of_a_conjunction_are_told_one_by_one():
    assert list(conjuncts(All((A, All((B, All(()))), Not(A))))) == [A, B, Not(A)]
    assert list(conjuncts(None)) == []


def test_what_is_shared_is_folded_once_however_deep():
    expression: Expression = A
    for _ in range(5000):
        expression = Arithmetic(ArithmeticOperator.ADD, expression, expression)
    met: list[Expression] = []
    fold(expression, lambda node, _: met.append(node))
    assert len(met) == 5001
    assert measure(Not(Arithmetic(ArithmeticOperator.ADD, A, A))) == (4, 3)
    left, right = children(renamed(expression, str.upper))
    assert left is right
    assert references(left) == ("A",)


def test_names_are_read_in_order():
    assert references(WHOLE) == ("a", "b")
    assert references(renamed(WHOLE, {"a": "x", "b": "y"}.__getitem__)) == ("x", "y")


def test_a_model_knows_what_its_variables_are_computed_from():
    def computed(name: str, role: Role, mechanism: Expression) -> Variable:
        return Variable(name, role, Truths(), mechanism)

    model = CausalModel(
        "M",
        "T",
        (
            Variable("a", Role.INPUT, Truths()),
            Variable("b", Role.INPUT, Truths()),
            Variable("u", Role.NOISE, Truths()),
            computed("short", Role.ABBREVIATION, All((A, B))),
            computed("v", Role.VARIABLE, All((Reference("short"), Reference("u")))),
            computed("y", Role.OUTPUT, All((Reference("v"), B))),
        ),
    )
    assert model.exogenous == ("a", "b", "u")
    assert model.ancestors(["y"]) == {"a", "b", "u", "short", "v", "y"}
    assert model.ancestors(["y"], cut=["v"]) == {"b", "v", "y"}
    assert model.stated_parents("v") == ("u", "a", "b")
    assert model.stated_parents("y") == ("v", "b")
