"""Answers of several tokens, of several outputs, and from a menu."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from causalspec.compiler.compile import check_source
from causalspec.compiler.data.counterfactuals import generate
from causalspec.compiler.specification import Specification
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.source import Source
from causalspec.runtime.engine.right_answers import agreement, cross_entropy
from causalspec.runtime.engine.vector_subject import by_output, vector_subject
from causalspec.runtime.inputs.encoded_splits import EncodedSplits, lay_out
from causalspec.runtime.inputs.menus import declared_menus
from causalspec.runtime.inputs.text_network import TextNetwork, TextPresentation
from causalspec.runtime.sites.site import Site
from causalspec.runtime.watch import Unwatched
from tests.helpers.equality_by_hand import equality_inputs, equality_network
from tests.helpers.tiny_networks import CONFIGURATIONS, tiny_network

# With `byte_tokenizer` " to" and " the" are single tokens, and " 12" is three: what " 17" shares
# two of.
SPEC = """
language 1
task Pair {
  input first, second : {to, the}
  input number : {Twelve, Seventeen}
  output word : {to, the} = first
  output amount : {Twelve, Seventeen} = number
  prompt main "{first} {second} {number}"
  say word " {word}"
  say amount { Twelve => " 12"  else => " 17" }
}
model Copies of Pair {
  var chosen = first
  var held = number
  output word = chosen
  output amount = held
}
counterfactuals Swaps of Copies {
  swap chosen
  swap held
  split train 8, validation 8, test 8
}
"""


def specification() -> Specification:
    checked = check_source(Source("test.causal", SPEC), None, Diagnostics())
    assert [
        diagnostic.message for diagnostic in checked.diagnostics if diagnostic.code[:3] == "CS6"
    ] == []
    assert checked.specification is not None
    return checked.specification


def laid_out(*, only_declared: bool = False) -> EncodedSplits:
    spec = specification()
    network = TextNetwork(tiny_network(CONFIGURATIONS["llama"]), only_declared)
    pairs = generate(spec.counterfactuals["Swaps"], "test", rows=8)
    return lay_out(network, spec.tasks["Pair"], [pairs], [], None)


def shown(encoded: EncodedSplits) -> TextPresentation:
    assert isinstance(encoded.presentation, TextPresentation)
    return encoded.presentation


def test_a_base_is_followed_by_all_of_the_label_but_its_end() -> None:
    encoded = laid_out()
    presentation, [split] = shown(encoded), encoded.splits
    rows = split.rows
    prompts = presentation.prompts
    tokenizer = presentation.network.tokenizer
    for row, base in enumerate(rows.bases.tolist()):
        label = [token for token in rows.labels[row].tolist() if token >= 0]
        ids = prompts.ids[base, prompts.mask[base]].tolist()
        own = tokenizer(prompts.texts[base])["input_ids"]
        assert ids == [*own, *label[:-1]]
        asked = prompts.answer_positions[base]
        start = int((~prompts.mask[base]).sum())
        expected = [start + len(own) - 1 + k for k in range(len(label))]
        assert asked[asked >= 0].tolist() == expected
        said = presentation.said(rows.labels[row])
        assert said in {f" {word} {number}" for word in ("to", "the") for number in (12, 17)}
    # Asked for their own answers, the same prompts are followed by those.
    assert [prompts.texts[k] for k in split.own_bases.tolist()] == [
        prompts.texts[k] for k in rows.bases.tolist()
    ]


@pytest.mark.parametrize("only_declared", [False, True])
def test_each_token_is_predicted_given_those_before_it(only_declared: bool) -> None:
    encoded = laid_out(only_declared=only_declared)
    presentation, [split] = shown(encoded), encoded.splits
    rows = split.rows
    network, prompts = presentation.network, presentation.prompts
    group = (Site("residual", 0, ""),)
    presentation = replace(
        presentation,
        positions=replace(presentation.positions, positions={"": prompts.answer_positions[:, :1]}),
    )
    [subject] = presentation.subjects([group], encoded.is_base, Unwatched())
    logits = subject.run(rows.bases, ()).logits
    declared: dict[tuple[int, ...], set[int]] = {}
    for label in torch.cat([rows.labels, presentation.correct]).tolist():
        whole = [token for token in label if token >= 0]
        for end in range(len(whole)):
            declared.setdefault(tuple(whole[:end]), set()).add(whole[end])
    for row, base in enumerate(rows.bases.tolist()):
        own = network.tokenizer(prompts.texts[base])["input_ids"]
        label = [token for token in rows.labels[row].tolist() if token >= 0]
        for place in range(len(label)):
            ids = torch.tensor([[*own, *label[:place]]])
            expected = network.model(input_ids=ids).logits[0, -1]
            if only_declared:
                menu = declared[tuple(label[:place])]
                others = [row for row in range(len(expected)) if row not in menu]
                expected[others] = -torch.inf
            assert torch.allclose(logits[row, place], expected, atol=1e-9)
    if only_declared:
        assert bool((subject.predictions >= 0).any())


def test_an_answer_is_right_where_every_token_is() -> None:
    labels = torch.tensor([[5, 6], [5, 6], [5, 6], [7, -1]])
    said = torch.tensor([[5, 6], [5, 9], [4, 6], [7, 3]])
    assert agreement(said, labels).tolist() == [True, False, False, True]
    encoded = laid_out()
    right, [split] = shown(encoded).correct, encoded.splits
    assert encoded.answered(split, right).all()
    for place in range(right.shape[1]):
        wrong = right.clone()
        wrong[:, place] += 1
        assert not encoded.answered(split, wrong).any()


def test_the_loss_is_summed_over_the_answers_that_there_are() -> None:
    logits = torch.randn(2, 2, 5, generator=torch.Generator().manual_seed(0)).double()
    labels = torch.tensor([[1, 4], [3, -1]])
    losses = -logits.log_softmax(-1)
    expected = torch.stack([losses[0, 0, 1] + losses[0, 1, 4], losses[1, 0, 3]])
    assert torch.allclose(cross_entropy(logits, labels), expected)


def test_a_menu_has_what_a_declared_answer_goes_on_with() -> None:
    answers = [(1, 2), (1, 3), (4,)]
    menus = declared_menus(torch.tensor([[1, -1], [4, -1]]), answers, 6)
    logits = torch.zeros(2, 2, 6)

    def allowed(narrowed: Tensor) -> list[int]:
        return narrowed.isfinite().nonzero()[:, 0].tolist()

    narrowed = menus.narrowed(torch.tensor([0, 1]), logits)
    assert [allowed(narrowed[0, k]) for k in (0, 1)] == [[1, 4], [2, 3]]
    assert allowed(narrowed[1, 0]) == [1, 4]
    assert allowed(narrowed[1, 1]) == list(range(6))  # nothing is asked after a whole answer


def test_a_vector_network_gives_several_outputs_side_by_side() -> None:
    logits = torch.tensor([[1.0, 5, 2, 7, 3], [6.0, 5, 9, 7, 8]])
    assert torch.equal(by_output(logits, (5,)), logits[:, None])
    split = by_output(logits, (2, 3))
    assert torch.equal(split[:, 0, :2], logits[:, :2])
    assert bool((split[:, 0, 2] == -torch.inf).all())
    assert torch.equal(split[:, 1], logits[:, 2:])
    assert split.argmax(-1).tolist() == [[1, 1], [0, 0]]
    # Two outputs of one value each: all the same, whatever the network says.
    subject = vector_subject(equality_network(), equality_inputs(5, 0), (1, 1), ())
    assert subject.predictions.tolist() == [[0, 0]] * 5
