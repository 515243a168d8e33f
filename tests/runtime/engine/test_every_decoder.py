"""Whatever the architecture, a prompt's answer is as if it ran alone, edited or not."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.helpers.byte_tokenizer import byte_tokenizer
from tests.helpers.decoders_tried import Tried, tried
from tests.helpers.small_decoders import families, small_decoder

pytestmark = pytest.mark.filterwarnings("default")  # some architectures warn of themselves

EXPECTED = {
    "roberta": "fast path",  # counts positions from its padding token on
    "bart": "fast path, by length",  # counts positions through padding
    "mixtral": "fast path",  # experts
    "mamba": "plain path",  # a state instead of keys and values
    "gemma3n_text": "refused",
}


@pytest.mark.parametrize("family", EXPECTED)
def test_an_answer_is_that_of_the_prompt_alone(family: str) -> None:
    found = tried(family, small_decoder(family), byte_tokenizer())
    assert found.way == EXPECTED[family]
    assert found.is_right or found.refused == (
        "the layers of it carry several streams: for 2 prompts of 5 tokens, layer 0 gives 4×2×5×32 "
        "numbers instead of 2×5×32"
    )


@pytest.mark.skipif("CAUSALSPEC_LONG" not in os.environ, reason="190 decoders take minutes")
def test_no_decoder_is_silently_wrong() -> None:
    found: dict[str, Tried] = {}
    for family in families():
        try:
            model = small_decoder(family)
        except Exception:  # whatever transformers say of a configuration that is none
            continue
        found[family] = tried(family, model, byte_tokenizer())
    assert {
        family for family, outcome in found.items() if not (outcome.is_right or outcome.refused)
    } == set()
    ways = Counter(outcome.way for outcome in found.values())
    assert len(found) >= 150
    assert len(found) - ways["refused"] >= 140
    assert sum(outcome.fast for outcome in found.values()) >= 112
    assert all(outcome.refused for outcome in found.values() if outcome.way == "refused")
