"""A slot at a computed index is found in every prompt where that prompt's own input has it."""

from __future__ import annotations

import numpy as np
import pytest
from transformers import LlamaConfig, LlamaForCausalLM

from causalspec.compiler.placement import TokenPosition
from causalspec.dsl.diagnostics import SpecError
from causalspec.runtime.inputs.text_network import TextNetwork
from causalspec.runtime.inputs.token_places import TokenChoice
from causalspec.runtime.making.word_tokenizer import word_tokenizer
from causalspec.runtime.networks.network import wrap_network
from tests.helpers.compiled import compiled

SPEC = """
type Thing = {pen, cup, hat}

task Shelf {
  input distinct item[i in 0..2] : Thing
  input asked : 0..2
  output thing : Thing = item[asked]
  prompt main \"\"\"{"{item[i]} is {i}" for i in 0..2 by ", "}. At {asked} is\"\"\"
  say thing " {thing}"
}

model Place of Shelf {
  var place = asked
  output thing = item[place]
}

align There of Place {
  var place at residual layers 0 token slot(item[asked]).last .. slot(item[asked]).last + 1 by full_vector
}
align Before of Place { var place at residual layers 0 token slot(item[asked - 1]).last by full_vector }
"""  # noqa: E501


@pytest.fixture(scope="module")
def network() -> TextNetwork:
    tokenizer = word_tokenizer(["pen is 0, cup is 1, hat is 2. At 0 is pen", " pen cup hat"])
    model = LlamaForCausalLM(
        LlamaConfig(vocab_size=len(tokenizer), hidden_size=8, intermediate_size=8,
                    num_hidden_layers=1, num_attention_heads=1)
    )  # fmt: skip
    return TextNetwork(wrap_network("untrained", model, tokenizer))


def test_tokens_are_those_of_the_slot_that_is_meant(network: TextNetwork) -> None:
    specification = compiled(SPEC)
    [placement] = specification.alignments["There"].placements
    choice = TokenChoice(placement.tokens)
    columns = {"asked": np.arange(6) % 3, **{f"item[{i}]": (np.arange(6) + i) % 3 for i in (0, 1)}}
    columns["item[2]"] = 3 - columns["item[0]"] - columns["item[1]"]
    shown = network.present(specification.tasks["Shelf"], columns, [choice], None)
    names = ("slot(item[asked]).last", "slot(item[asked]).last + 1")
    assert shown.token_names == {choice: names}
    for row in range(6):
        at = {name: token.text.strip() for token in shown.tokens(row) for name in token.at}
        item = int(columns[f"item[{int(columns['asked'][row])}]"][row])
        assert at == {names[0]: ("pen", "cup", "hat")[item], names[1]: "is"}


def test_a_prompt_in_which_it_stands_nowhere(network: TextNetwork) -> None:
    specification = compiled(SPEC)
    [placement] = specification.alignments["Before"].placements
    [position] = placement.tokens
    assert isinstance(position, TokenPosition)
    columns = {"asked": np.array([2, 0]), **{f"item[{i}]": np.array([i, i]) for i in range(3)}}
    with pytest.raises(SpecError) as caught:
        network.present(specification.tasks["Shelf"], columns, [TokenChoice((position,))], None)
    [found] = caught.value.diagnostics
    assert (found.code, found.span.text) == ("CS620", "slot(item[asked - 1]).last")
    assert found.message == (
        "the slot `item[asked - 1]` is absent from the prompt "
        "`pen is 0, cup is 1, hat is 2. At 0 is`"
    )
