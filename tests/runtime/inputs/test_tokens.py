"""Positions and answers are read off the ids that the network sees, whichever side is padded."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from causalspec.compiler.data.prompts import RenderedPrompts
from causalspec.compiler.specification import Anchor, TokenPosition, TokenRange
from causalspec.runtime.inputs.answers import FindingKind, TokenFinding, answer_tokens
from causalspec.runtime.inputs.token_places import TokenChoice, TokenPlaces, resolve
from causalspec.runtime.inputs.tokens import TokenError, TokenizedPrompts, tokenize
from tests.helpers.byte_tokenizer import byte_tokenizer
from tests.helpers.tiny_networks import span_of

TEXTS = (
    "When Mary and Wilhelmina went to the store, Mary gave 4.50 dollars to",
    "Mary gave John 12.75 dollars",
    "Please say yes: Mary gave Zoë 0.99 dollars, as John went to the store, in dollar coins",
)
AMOUNTS = ("4.50", "12.75", "0.99")
AMOUNT = TokenPosition(Anchor.SLOT, "amount")
SIDES = pytest.mark.parametrize("side", ["left", "right"])


def _tokenized(side: str) -> TokenizedPrompts:
    spans = [span_of(amount, (text,))[0] for amount, text in zip(AMOUNTS, TEXTS, strict=True)]
    slots = {"amount": torch.tensor([span.tolist() for span in spans]).numpy()}
    return tokenize(RenderedPrompts(TEXTS, slots), byte_tokenizer(), side)  # pyright: ignore[reportArgumentType]


def _characters(prompts: TokenizedPrompts, places: torch.Tensor) -> list[str]:
    """The text of each prompt's chosen token by its offsets, after checking it by decoding."""
    tokenizer = byte_tokenizer()
    found: list[str] = []
    for row, place in enumerate(places.tolist()):
        start, end = prompts.offsets[row, place].tolist()
        text = prompts.texts[row][start:end]
        assert text.isascii()
        assert tokenizer.decode([int(prompts.ids[row, place])]) == text
        found.append(text)
    return found


def _resolved(prompts: TokenizedPrompts, *tokens: TokenPosition | TokenRange) -> TokenPlaces:
    choice = TokenChoice(tokens)
    places = resolve([choice], prompts)
    assert list(places.names) == [choice]
    assert tuple(places.positions) == places.names[choice]
    return places


def _one(position: TokenPosition, side: str) -> list[str]:
    prompts = _tokenized(side)
    [(name, positions)] = _resolved(prompts, position).positions.items()
    assert name == position.text
    assert positions.shape == (3, 1)
    return _characters(prompts, positions[:, 0])


@SIDES
@pytest.mark.parametrize(
    ("position", "expected"),
    [
        (TokenPosition(Anchor.LAST), [" to", "s", "s"]),
        (TokenPosition(Anchor.LAST, offset=-1), ["s", "r", "n"]),
        (TokenPosition(Anchor.FIRST), ["When", "Ma", "P"]),
        (replace(AMOUNT, part=0), ["4", "1", "0"]),
        (replace(AMOUNT, part=1), [".", "2", "."]),
        (replace(AMOUNT, part=-1), ["0", "5", "9"]),
        (replace(AMOUNT, part=-1, offset=1), [" ", " ", " "]),
        (TokenPosition(Anchor.TEXT, "dollars", part=0), ["d", "d", "d"]),
        (TokenPosition(Anchor.TEXT, "dollars", part=-1), ["s", "s", "s"]),
    ],
)
def test_the_chosen_token_is_those_characters(
    position: TokenPosition, expected: list[str], side: str
) -> None:
    assert _one(position, side) == expected


@SIDES
def test_rows_are_padded_on_one_side_and_counted_from_zero(side: str) -> None:
    prompts = _tokenized(side)
    lengths = prompts.mask.sum(1)
    assert lengths.max() == prompts.length and lengths.min() < prompts.length
    for row, text in enumerate(TEXTS):
        real = prompts.mask[row]
        assert byte_tokenizer().decode(prompts.ids[row, real][1:]) == text
        assert prompts.ids[row, real][0] == 1  # the beginning-of-text mark, no part of the text
        assert prompts.position_ids[row, real].tolist() == list(range(int(lengths[row])))
        assert bool(real[0]) == (side == "right" or lengths[row] == prompts.length)
        assert bool(real[prompts.answer_positions[row]])
    last = _resolved(prompts, TokenPosition(Anchor.LAST)).positions["last"]
    assert torch.equal(last, prompts.answer_positions)


@SIDES
def test_a_range_has_the_tokens_that_every_prompt_has(side: str) -> None:
    prompts = _tokenized(side)
    one_range = TokenRange(replace(AMOUNT, part=0), TokenPosition(Anchor.TEXT, "dollars", part=1))
    places = _resolved(prompts, one_range, TokenPosition(Anchor.LAST)).positions
    # "4.50 do" is seven tokens or fewer; "12.75 do" has one more, which has no site.
    names = list(places)
    assert names[0] == "slot(amount).first"
    assert names[1] == "slot(amount).first + 1"
    assert names[-1] == "last"
    for number in range(4):
        taken = _characters(prompts, places[names[number]][:, 0])
        assert taken == [amount[number] for amount in AMOUNTS]


@SIDES
def test_all_starts_at_the_first_token_of_the_text(side: str) -> None:
    prompts = _tokenized(side)
    places = _resolved(prompts, TokenPosition(Anchor.ALL)).positions
    shortest = int(prompts.mask.sum(1).min()) - 1
    assert len(places) == shortest
    assert _characters(prompts, places["first"][:, 0]) == ["When", "Ma", "P"]


@SIDES
def test_together_a_range_is_one_site_with_all_its_tokens(side: str) -> None:
    prompts = _tokenized(side)
    amount = TokenRange(replace(AMOUNT, part=0), replace(AMOUNT, part=-1))
    everything = TokenPosition(Anchor.ALL)
    choice = TokenChoice((amount, everything), together=True)
    places = resolve([choice], prompts)
    of_amount = "slot(amount).first .. slot(amount).last together"
    assert places.names == {choice: (of_amount, "all together")}
    for row, text in enumerate(AMOUNTS):
        found = places.positions[of_amount][row]
        there = found[found >= 0].tolist()
        assert (
            "".join(
                _characters(prompts.take(torch.tensor([row])), torch.tensor([place]))[0]
                for place in there
            )
            == text
        )
        assert there == list(range(there[0], there[0] + len(there)))
    counts = (places.positions["all together"] >= 0).sum(1)
    assert torch.equal(counts, prompts.mask.sum(1) - 1)  # without the beginning-of-text mark


@SIDES
def test_a_range_that_ends_before_it_begins_is_an_error(side: str) -> None:
    backwards = TokenRange(TokenPosition(Anchor.LAST), TokenPosition(Anchor.FIRST))
    for together in (False, True):
        with pytest.raises(TokenError) as raised:
            resolve([TokenChoice((backwards,), together)], _tokenized(side))
        assert str(raised.value).startswith("`first` comes before `last` in the prompt `")


@pytest.mark.parametrize(
    ("position", "message"),
    [
        (
            TokenPosition(Anchor.LAST, offset=1),
            "`last + 1` falls outside the prompt `When Mary and Wilhelmina went to the store, "
            "Mary gave 4.50 dollars to`",
        ),
        (
            TokenPosition(Anchor.FIRST, offset=-2),  # before it there is one mark alone
            "`first - 2` falls outside the prompt `When Mary and Wilhelmina went to the store, "
            "Mary gave 4.50 dollars to`",
        ),
        (
            replace(AMOUNT, part=4),
            "`slot(amount)[4]` falls outside the prompt `When Mary and Wilhelmina went to the "
            "store, Mary gave 4.50 dollars to`",
        ),
        (TokenPosition(Anchor.SLOT, "place"), "the prompts have no slot `place`"),
        (
            TokenPosition(Anchor.TEXT, "When"),
            "`When` does not occur in the prompt `Mary gave John 12.75 dollars`",
        ),
        (
            TokenPosition(Anchor.TEXT, "dollar"),
            "`dollar` occurs more than once in the prompt `Please say yes: Mary gave Zoë 0.99 "
            "dollars, as John went to the store, in dolla…`",
        ),
    ],
)
@SIDES
def test_positions_that_do_not_exist(side: str, position: TokenPosition, message: str) -> None:
    with pytest.raises(TokenError) as raised:
        _resolved(_tokenized(side), position)
    assert str(raised.value) == message


def test_an_absent_slot_is_an_error() -> None:
    prompts = RenderedPrompts(TEXTS, {"who": span_of("Wilhelmina", TEXTS)})
    with pytest.raises(TokenError) as raised:
        _resolved(tokenize(prompts, byte_tokenizer()), TokenPosition(Anchor.SLOT, "who"))
    expected = "the slot `who` is absent from the prompt `Mary gave John 12.75 dollars`"
    assert str(raised.value) == expected


def test_a_prompt_without_tokens_is_an_error() -> None:
    tokenizer = byte_tokenizer()
    tokenizer.backend_tokenizer.post_processor = None
    with pytest.raises(TokenError, match=r"^the prompt `` has no tokens$"):
        tokenize(RenderedPrompts(("",), {}), tokenizer)


# Answers ------------------------------------------------------------------------------------------


def test_an_answer_is_its_tokens_after_the_prompt() -> None:
    tokenizer = byte_tokenizer()
    answers = answer_tokens(tokenizer, ["Mary gave", "Mary gave", "When"], [" to", " the", ""])
    assert tokenizer.convert_ids_to_tokens(answers.ids[:2, 0].tolist()) == ["Ġto", "Ġthe"]
    assert answers.ids[2].tolist() == [-1]
    assert answers.findings == (TokenFinding(FindingKind.EMPTY, ("",), ""),)


def test_answers_of_several_tokens_may_begin_alike() -> None:
    tokenizer = byte_tokenizer()
    answers = answer_tokens(tokenizer, ["x", "x", "x"], ["12", "17", "2"])
    assert answers.findings == ()
    first, seven, two = tokenizer.convert_tokens_to_ids(["1", "7", "2"])
    assert answers.ids.tolist() == [[first, two], [first, seven], [two, -1]]


def test_an_answer_that_begins_another_is_reported() -> None:
    answers = answer_tokens(byte_tokenizer(), ["x", "x", "x"], ["1", "17", "2"])
    assert answers.findings == (TokenFinding(FindingKind.COLLISION, ("17", "1"), "17"),)


def test_an_answer_must_not_change_the_prompt() -> None:
    with pytest.raises(TokenError) as raised:
        answer_tokens(byte_tokenizer(), ["to the stor"], ["e"])
    assert str(raised.value) == (
        "the answer `e` changes the last tokens of the prompt `to the stor`"
    )
