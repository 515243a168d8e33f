"""What an expression without parentheses means is what it means in Python."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source

SIGNS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**", ast.USub: "-", ast.Not: "not", ast.And: "and", ast.Or: "or", ast.Eq: "==",
    ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
INFIX = ("+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "and", "or")
Tree = str | tuple["Tree", ...]


def ours(text: str) -> Tree | None:
    """How the language groups an expression, None where it is refused."""
    diagnostics = Diagnostics()
    file = parse(Source("p.causal", f"language 1\nfunction f(x : 0..9) = {text}\n"), diagnostics)
    if diagnostics.has_errors:
        return None
    (function,) = file.declarations
    assert isinstance(function, syntax.FunctionDeclaration)
    return grouped(function.body)


def grouped(node: syntax.Node) -> Tree:
    match node:
        case syntax.Name(text=text) | syntax.Number(text=text):
            return text
        case syntax.Unary(operator=operator, operand=operand):
            return (operator, grouped(operand))
        case syntax.Binary(operator=operator, left=left, right=right):
            return (grouped(left), operator, grouped(right))
        case syntax.Logical(operator=operator, operands=operands):
            return (operator, *map(grouped, operands))
        case syntax.Comparison(operands=operands, operators=operators):
            return (*operators, *map(grouped, operands))
        case _:
            raise AssertionError(node)


def pythons(text: str) -> Tree | None:
    """How Python groups it."""
    try:
        return grouped_by_python(ast.parse(text, mode="eval").body)
    except SyntaxError:
        return None


def grouped_by_python(node: ast.expr) -> Tree:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Constant(value=value):
            return str(value)
        case ast.UnaryOp(op=operator, operand=operand):
            return (SIGNS[type(operator)], grouped_by_python(operand))
        case ast.BinOp(left=left, op=operator, right=right):
            return (grouped_by_python(left), SIGNS[type(operator)], grouped_by_python(right))
        case ast.BoolOp(op=operator, values=values):
            return (SIGNS[type(operator)], *map(grouped_by_python, values))
        case ast.Compare(left=left, ops=operators, comparators=others):
            signs = (SIGNS[type(operator)] for operator in operators)
            return (*signs, *map(grouped_by_python, (left, *others)))
        case _:
            raise AssertionError(ast.dump(node))


@settings(max_examples=400)
@given(data=some.data())
def test_every_expression_is_grouped_as_in_python_or_refused_as_there(data: some.DataObject):
    words: list[str] = []
    for place in range(data.draw(some.integers(1, 7))):
        words += [data.draw(some.sampled_from(INFIX))] if place else []
        words += data.draw(some.lists(some.sampled_from(("not", "-")), max_size=2))
        words.append(data.draw(some.sampled_from(("a", "b", "c", "2"))))
    text = " ".join(words)
    assert ours(text) == pythons(text), text


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("not a == b", "not (a == b)"),
        ("a and b or c and d", "(a and b) or (c and d)"),
        ("-a ** 2", "-(a ** 2)"),
        ("a ** b ** c", "a ** (b ** c)"),
        ("a - b - c", "(a - b) - c"),
        ("a // 2 * 3 + b % 2", "((a // 2) * 3) + (b % 2)"),
        ("a + b == c and not b", "((a + b) == c) and (not b)"),
    ],
)
def test_what_the_page_says(written: str, meant: str) -> None:
    assert ours(written) == ours(meant) is not None
