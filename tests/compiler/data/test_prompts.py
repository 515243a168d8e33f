"""Prompts are exact texts with exact spans; encodings are exact vectors."""

from __future__ import annotations

from fractions import Fraction

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some

from causalspec.compiler.data.encodings import encode_columns, symbol_vectors
from causalspec.compiler.data.prompts import (
    PromptCollision,
    answer_texts,
    formatted,
    prompt_collisions,
    render,
)
from causalspec.compiler.data.text_columns import ABSENT
from causalspec.compiler.domains import Domain, Numbers, Symbols, Truths
from causalspec.compiler.expressions import Reference
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import (
    EncodedInput,
    Encoding,
    PromptTemplate,
    SlotValue,
    Task,
    TemplateArm,
)
from tests.helpers.cases import ANSWER, NAME, PRICE, choose, compare, let, output
from tests.helpers.cases import given as input_of
from tests.helpers.designs import span

ASKED = Symbols(("Who", "What"))
MODEL = CausalModel(
    "Asking",
    "Asking",
    (
        input_of("asked", ASKED),
        input_of("name", NAME),
        input_of("price", PRICE),
        let("same", Truths(), compare("price", "==", 250)),
        output("answer", ANSWER, choose(compare("price", "<=", 300), 0, 1)),
    ),
)
WHO = TemplateArm(
    compare("asked", "==", 0),
    (
        SlotValue("first", Reference("name"), NAME),
        " paid ",
        SlotValue("amount", Reference("price"), PRICE, ".2f"),
        "? ",
        SlotValue("same", Reference("same"), Truths()),
    ),
)
WHAT = TemplateArm(None, ("What did ", SlotValue("first", Reference("name"), NAME), " pay?"))
PROMPT = PromptTemplate("main", (WHO, WHAT), span("prompt main"))
SAY = PromptTemplate(
    "answer",
    (
        TemplateArm(
            compare("answer", "==", 0), ("yes, ", SlotValue("a", Reference("answer"), ANSWER))
        ),
        TemplateArm(None, ("no",)),
    ),
    span("say answer"),
)
TASK = Task("Asking", MODEL, {"main": PROMPT}, {"answer": SAY}, None)
COLUMNS = {
    "asked": numpy.array([0, 1, 0], dtype=numpy.int8),
    "name": numpy.array([0, 1, 3], dtype=numpy.int8),
    "price": numpy.array([250, 7, 999], dtype=numpy.int16),
}


def test_every_row_gets_the_text_of_its_arm_and_every_slot_its_span() -> None:
    rendered = render(PROMPT, MODEL, COLUMNS)
    assert rendered.texts == ("Mary paid 2.50? true", "What did John pay?", "Tom paid 9.99? false")
    assert {name: spans.tolist() for name, spans in rendered.spans.items()} == {
        "first": [[0, 4], [9, 13], [0, 3]],
        "amount": [[10, 14], [ABSENT, ABSENT], [9, 13]],
        "same": [[16, 20], [ABSENT, ABSENT], [15, 20]],
    }


def test_no_rows_render_to_no_texts() -> None:
    rendered = render(PROMPT, MODEL, {name: column[:0] for name, column in COLUMNS.items()})
    assert rendered.texts == ()
    assert {name: spans.shape for name, spans in rendered.spans.items()} == {
        "first": (0, 2),
        "amount": (0, 2),
        "same": (0, 2),
    }


def test_answers_are_said_as_the_task_says_or_by_their_own_text() -> None:
    codes = numpy.array([1, 0, 1], dtype=numpy.int8)
    assert answer_texts(TASK, "answer", codes) == ("no", "yes, Yes", "no")
    silent = Task("Asking", MODEL, {}, {}, None)
    assert answer_texts(silent, "answer", codes) == ("No", "Yes", "No")


def test_inputs_with_one_text_and_two_answers_are_found() -> None:
    columns = {
        "asked": numpy.array([1, 1, 1, 1, 0], dtype=numpy.int8),
        "name": numpy.array([2, 2, 3, 2, 2], dtype=numpy.int8),
        "price": numpy.array([100, 200, 300, 301, 301], dtype=numpy.int16),
    }
    answers = {"answer": numpy.array([0, 0, 0, 1, 1], dtype=numpy.int8)}
    assert prompt_collisions(PROMPT, TASK, columns, answers) == (
        PromptCollision("What did Ann pay?", 0, 3, "answer"),
    )
    assert prompt_collisions(PROMPT, TASK, COLUMNS, {"answer": answers["answer"][:3]}) == ()


@pytest.mark.parametrize(
    ("domain", "code", "format", "text"),
    [
        (PRICE, 5, None, "0.05"),
        (PRICE, 5, ".2f", "0.05"),
        (PRICE, 5, ".3f", "0.050"),
        (PRICE, 250, "6.2f", "  2.50"),
        (PRICE, 250, "06.2f", "002.50"),
        (Numbers(-999, 999, 1, 100), -5, ".2f", "-0.05"),
        (Numbers(-999, 999, 1, 100), -5, "06.2f", "-00.05"),
        (Numbers(0, 99), 7, "d", "7"),
        (Numbers(0, 99), 7, "03d", "007"),
        (Numbers(0, 99), 7, "3", "  7"),
        (NAME, 2, "5", "Ann  "),
        (Truths(), 1, None, "true"),
    ],
)
def test_values_are_written_exactly(
    domain: Domain, code: int, format: str | None, text: str
) -> None:
    assert formatted(domain, code, format) == text


@given(some.integers(-(2**31), 2**31), some.integers(1, 10**6), some.integers(0, 6))
def test_decimals_are_those_of_exact_arithmetic(code: int, denominator: int, places: int) -> None:
    domain = Numbers(-(2**31), 2**31, 1, denominator)
    written = formatted(domain, code, f".{places}f")
    assert Fraction(written) == round(Fraction(code, denominator), places)
    assert len(written.partition(".")[2]) == places


def test_vectors_are_pinned() -> None:
    shape = Numbers(0, 9)
    model = CausalModel(
        "M", "T", (input_of("a", shape), input_of("b", shape), input_of("c", ANSWER))
    )
    encoding = Encoding(
        (
            EncodedInput("a", "symbol", 2),
            EncodedInput("b", "symbol", 2),
            EncodedInput("b", "scalar", 1),
            EncodedInput("c", "onehot", 2),
        )
    )
    columns = {
        "a": numpy.array([3, 0], dtype=numpy.int8),
        "b": numpy.array([9, 3], dtype=numpy.int8),
        "c": numpy.array([0, 1], dtype=numpy.int8),
    }
    encoded = encode_columns(encoding, model, columns)
    assert encoded.dtype == numpy.float32
    assert encoded.tolist() == [
        [
            0.3662616014480591,
            -0.005393385887145996,
            -0.5635974407196045,
            -0.7317420244216919,
            1.0,
            1.0,
            0.0,
        ],
        [
            0.6185765266418457,
            -0.698135256767273,
            0.3662616014480591,
            -0.005393385887145996,
            0.3333333432674408,
            0.0,
            1.0,
        ],
    ]
    # Inputs of one type share the table: `a` is 3 in the first row, `b` in the second.
    assert encoded[0, :2].tolist() == encoded[1, 2:4].tolist()


def test_symbol_vectors_fill_the_cube_and_differ() -> None:
    vectors = symbol_vectors(Numbers(0, 999), range(1000), 4)
    assert vectors.min() >= -1
    assert vectors.max() < 1
    assert abs(float(vectors.mean())) < 0.05
    assert len({tuple(row) for row in vectors.tolist()}) == 1000
    other = symbol_vectors(Numbers(0, 998), range(999), 4)
    assert not (other == vectors[:999]).any()
