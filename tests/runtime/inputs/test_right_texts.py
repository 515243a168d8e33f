"""Several right texts of several tokens, held to a reference that runs every text by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from causalspec.compiler.compile import check_source
from causalspec.compiler.specification import Specification
from causalspec.dsl.diagnostics import Diagnostics, SpecError
from causalspec.dsl.source import Source
from causalspec.runtime.engine.batches import Batching
from causalspec.runtime.engine.label_runs import LabelRuns, in_parts
from causalspec.runtime.engine.right_answers import agreement
from causalspec.runtime.engine.right_texts import (
    beginnings,
    readable_after,
    texts_of,
    without_longer,
)
from causalspec.runtime.engine.text_subject import TextSubject
from causalspec.runtime.fitting.backward import Backward
from causalspec.runtime.fitting.candidates import candidates
from causalspec.runtime.fitting.fit_store import with_shuffled_labels
from causalspec.runtime.fitting.placed_maps import PlacedMaps, build_maps
from causalspec.runtime.fitting.predict import predict
from causalspec.runtime.inputs.experiment import PreparedSplit, experiment_of, present_splits
from causalspec.runtime.inputs.text_network import TextNetwork, TextPresentation
from causalspec.runtime.networks.network import Network
from causalspec.runtime.scoring.observed import Observed, observe
from causalspec.runtime.watch import Unwatched
from tests.helpers.tiny_networks import CONFIGURATIONS, tiny_network

# Digits are a token each to `byte_tokenizer`, and so is a space before one.
SPEC = """\
language 1

allow CS643 "the next numbers of bounds that are near overlap"

type Word = {to, the, a, unheard}

task Above {
  "A number just above the bound is to be named, with a space before it or not."
  input word : Word
  input start : 0..8
  output bound = start
  prompt main "{word} {start}"
  say bound "{n:02d}" or " {n:02d}." for n in 0..12 where n > bound and n <= bound + 4
}

model Direct of Above {
  var held = start
  output bound = held
}

counterfactuals Swaps of Direct {
  swap held
  keep where result.bound != base.bound
  split train 24, validation 8, test 10
}

align Lowest of Direct {
  var held at residual layers 1 token last by das(dim = 3)
}

claim TheBoundMoves {
  of Direct on Swaps.test with Lowest
  expect iia >= 0.90
  expect log_odds >= 1.00
  expect kl <= 0.20
}
"""


def specification(text: str = SPEC) -> Specification:
    checked = check_source(Source("above.causal", text), None, Diagnostics())
    assert [found.message for found in checked.diagnostics] == []
    assert checked.specification is not None
    return checked.specification


def prepared(network: TextNetwork, split: str = "test", text: str = SPEC) -> PreparedSplit:
    found = specification(text)
    claim = found.claims["TheBoundMoves"]
    asked = experiment_of(found, claim, keeps_unanswered=True)
    offered = candidates(network, found.alignments["Lowest"], ["held"], claim)
    harvester = present_splits(network, asked, [asked.draw(split)], offered.choices, None)
    sites = offered.combinations(harvester.encoded.presentation.token_names)
    [[here]] = next(harvester.prepared_splits(sites, Unwatched()))
    return here


def maps_of(network: TextNetwork, here: PreparedSplit) -> PlacedMaps:
    found = specification()
    claim = found.claims["TheBoundMoves"]
    offered = candidates(network, found.alignments["Lowest"], ["held"], claim)
    [sites] = offered.combinations(here.presentation.token_names)
    return build_maps(offered.placed(sites), here.subject, seed=3)


# The reference: every text is written behind its prompt, and the whole is run from the beginning.


def right_by_hand(bound: int) -> list[str]:
    return [text for n in range(bound + 1, bound + 5) for text in (f"{n:02d}", f" {n:02d}.")]


def ids_of(network: Network, text: str) -> list[int]:
    tokenizer: Any = network.tokenizer
    return tokenizer(text)["input_ids"]


def logits_by_hand(
    network: Network, ids: Sequence[int], place: int | None = None, swap: Any = None
) -> Tensor:
    """The logits [tokens, vocabulary] of one text; the vector that the second block puts out at a
    place goes through `swap`.
    """

    def changed(_module: Any, _given: Any, output: Any) -> Any:
        stream = output[0] if isinstance(output, tuple) else output
        vector = swap(stream[:, place])
        stream = torch.cat([stream[:, :place], vector[:, None], stream[:, place + 1 :]], dim=1)
        return (stream, *output[1:]) if isinstance(output, tuple) else stream

    handle = network.layers[1].register_forward_hook(changed) if swap else None
    logits: Tensor = network.model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]
    if handle is not None:
        handle.remove()
    return logits


def vector_by_hand(network: Network, prompt: str) -> Tensor:
    """What the second block puts out [1, width] at the last token of a prompt."""
    found: list[Tensor] = []
    ids = ids_of(network, prompt)
    logits_by_hand(network, ids, len(ids) - 1, lambda vector: found.append(vector) or vector)
    return found[0]


def texts_by_hand(
    network: Network, prompt: str, texts: Sequence[str], declared: Sequence[str], swap: Any = None
) -> tuple[Tensor, list[bool]]:
    """The logarithms [texts] of the texts' probabilities, and whether each token of a text is the
    likeliest; what is not on a declared answer's way is ruled out, where there are such.
    """
    own = ids_of(network, prompt)
    ways = [ids_of(network, prompt + answer)[len(own) :] for answer in declared]
    scores: list[Tensor] = []
    likeliest: list[bool] = []
    for text in texts:
        ids = ids_of(network, prompt + text)
        logits = logits_by_hand(network, ids, len(own) - 1, swap)
        total, first = torch.zeros((), dtype=torch.float64), True
        for k in range(len(own), len(ids)):
            row = logits[k - 1]
            if ways:
                begun = ids[len(own) : k]
                menu = {way[len(begun)] for way in ways if way[: len(begun)] == begun}
                ruled = [token not in menu for token in range(len(row))]
                row = row.masked_fill(torch.tensor(ruled), -torch.inf)
            total = total + row.log_softmax(0)[ids[k]]
            first = first and int(row.argmax()) == ids[k]
        scores.append(total)
        likeliest.append(first)
    return torch.stack(scores), likeliest


KINDS = pytest.mark.parametrize("name", ["llama", "gpt2"])
SIDES = pytest.mark.parametrize("side", ["left", "right"])
MENUS = pytest.mark.parametrize("only_declared", [False, True])


def tiny(name: str, side: Any = "left", *, only_declared: bool = False) -> TextNetwork:
    network = replace(tiny_network(CONFIGURATIONS[name]), padding_side=side)
    return TextNetwork(network, only_declared)


@KINDS
@SIDES
@MENUS
@torch.no_grad()
def test_probabilities_losses_and_answers_are_those_by_hand(
    name: str, side: str, only_declared: bool
) -> None:
    network = tiny(name, side, only_declared=only_declared)
    inner = network.network
    here = prepared(network)
    maps = maps_of(network, here)
    subject = here.subject
    assert isinstance(subject, TextSubject) and subject.plain_because is None
    assert here.rows.forced is not None and here.rows.labels.shape[1:] == (4, 8)
    declared = [*right_by_hand(0), *right_by_hand(4), *right_by_hand(8)] if only_declared else []
    [alone], [swapped] = observe((here,), None), observe((here,), maps)
    odds = {flag: swapped.label_odds(swapped=flag).tolist() for flag in (False, True)}
    likely = swapped.label_probability().tolist()
    own_right = here.encoded.answered(
        replace(here.encoded.splits[0], rows=here.rows), subject.predictions
    )
    texts: tuple[str, ...] = here.presentation.prompts.texts  # type: ignore[attr-defined]
    [placed] = maps.placed
    agreed = 0
    for row in range(here.rows.rows):
        label = int(here.pairs.label["bound"][row])
        own, other = int(here.pairs.base["start"][row]), int(here.pairs.sources[0]["start"][row])
        assert label == other
        base, source = texts[here.own_bases[row]], texts[here.rows.origins[row, 0]]
        given = vector_by_hand(inner, source)
        swap = partial(_swapped, placed.map, given)
        by_hand = partial(texts_by_hand, inner, declared=declared)
        wanted, says = by_hand(base, right_by_hand(label), swap=swap)
        before, said = by_hand(base, right_by_hand(label))
        mine, says_own = by_hand(base, right_by_hand(own))
        swapped_mine, _ = by_hand(base, right_by_hand(own), swap=swap)
        _, source_says = by_hand(source, right_by_hand(other))
        assert likely[row] == pytest.approx(float(wanted.logsumexp(0)), abs=1e-9)
        assert odds[False][row] == pytest.approx(
            float(before.logsumexp(0) - mine.logsumexp(0)), abs=1e-9
        )
        assert odds[True][row] == pytest.approx(
            float(wanted.logsumexp(0) - swapped_mine.logsumexp(0)), abs=1e-9
        )
        assert bool(swapped.agrees[row]) is any(says)
        assert bool(alone.agrees[row]) is any(said)
        assert bool(own_right[row]) is (any(says_own) and any(source_says))
        agreed += any(says)
    assert bool(swapped.changes.all())
    assert not only_declared or 0 < agreed < here.rows.rows, agreed


def _swapped(map_: Any, source: Tensor, base: Tensor) -> Tensor:
    return map_.swap(base, source[:, None], torch.ones(1, 1, dtype=base.dtype))


@KINDS
@SIDES
def test_gradients_are_those_by_hand(name: str, side: str) -> None:
    network = tiny(name, side)
    here = prepared(network, "train")
    rows = here.rows.take(torch.arange(4))
    maps = maps_of(network, here).double()
    [placed] = maps.placed
    parameters = [tensor for tensor in maps.parameters() if tensor.requires_grad]
    loss = Backward(here.subject, [maps])([rows])[0]
    found = [tensor.grad.clone() for tensor in parameters if tensor.grad is not None]
    texts: tuple[str, ...] = here.presentation.prompts.texts  # type: ignore[attr-defined]
    losses: list[Tensor] = []
    for row in range(rows.rows):
        given = vector_by_hand(network.network, texts[rows.origins[row, 0]])
        scores, _ = texts_by_hand(
            network.network,
            texts[here.own_bases[row]],
            right_by_hand(int(here.pairs.label["bound"][row])),
            [],
            partial(_swapped, placed.map, given),
        )
        losses.append(-scores.logsumexp(0))
    by_hand = torch.stack(losses).mean() + maps.penalty()
    expected = torch.autograd.grad(by_hand, parameters)
    assert float(loss) == pytest.approx(float(by_hand.detach()), abs=1e-9)
    assert len(found) == len(expected) > 0
    for gradient, other in zip(found, expected, strict=True):
        assert bool((other != 0).any())
        assert torch.allclose(gradient, other, atol=1e-9, rtol=1e-7)


@KINDS
@SIDES
@pytest.mark.parametrize("batching", Batching)
def test_the_fast_path_is_the_plain_one(name: str, side: str, batching: Batching) -> None:
    network = tiny(name, side)
    here = prepared(network)
    maps = maps_of(network, here)
    assert isinstance(here.subject, TextSubject)
    subject = replace(here.subject, batching=batching)
    plain = replace(subject, plain_because="asked for")
    asked = LabelRuns.of(here.rows)
    fast, slow = (
        asked.log_probability(way.run(asked.runs.bases, maps.edits(way, asked.runs)).logits)
        for way in (subject, plain)
    )
    assert torch.allclose(fast, slow, atol=1e-9)
    assert torch.equal(predict(subject, maps, here.rows), predict(plain, maps, here.rows))
    # However many runs are made at a time.
    assert torch.equal(
        predict(subject, maps, here.rows, batch=3), predict(subject, maps, here.rows)
    )


def test_runs_share_what_their_texts_begin_with() -> None:
    here = prepared(tiny("llama"))
    asked = LabelRuns.of(here.rows)
    assert isinstance(here.presentation, TextPresentation)
    tokenizer: Any = here.presentation.network.tokenizer
    for row, bound in enumerate(here.pairs.label["bound"].tolist()):
        runs = asked.runs.bases[asked.row_of == row].tolist()
        prompt = here.presentation.prompts.texts[here.own_bases[row]]
        own = tokenizer(prompt)["input_ids"]
        given = set()
        for number in runs:
            prompts = here.presentation.prompts
            ids = prompts.ids[number, prompts.mask[number]].tolist()
            assert ids[: len(own)] == own
            given.add(tokenizer.decode(ids[len(own) :]))
        expected = {text[:-1] for text in right_by_hand(bound)}
        assert given == {
            text for text in expected if not any(t != text and t.startswith(text) for t in expected)
        }
        assert len(runs) == len(given)
    parts = list(in_parts(here.rows, 12))
    assert torch.cat(parts).tolist() == list(range(here.rows.rows))
    assert len(parts) > 1
    for part in parts:
        assert len(part) == 1 or len(LabelRuns.of(here.rows.take(part)).row_of) <= 12


def test_what_begins_another_text_of_its_answer_holds_it() -> None:
    assert without_longer([(1, 2), (1,), (3,), (3,), (1, 4, 5), (2, 1)]) == ((1,), (3,), (2, 1))
    assert beginnings(((1, 2), (1, 3, 4), (5,), (1, 3, 6), (7, 8))) == (
        (1, 3),
        (1, 3),
        (1, 3),
        (1, 3),
        (7,),
    )
    longer = SPEC.replace('or " {n:02d}."', 'or "{n:02d}." or " {n:02d}."')
    network = tiny("llama")
    with_both, without = prepared(network, text=longer), prepared(network)
    assert torch.equal(with_both.rows.labels, without.rows.labels)
    assert torch.equal(
        Observed(with_both, None, torch.empty(0)).label_odds(swapped=False),
        Observed(without, None, torch.empty(0)).label_odds(swapped=False),
    )


def test_what_begins_a_text_of_another_answer_is_refused() -> None:
    text = SPEC.replace('or " {n:02d}."', 'or "{n}!"').replace("{n:02d}", "{n}")
    with pytest.raises(SpecError) as failure:
        prepared(tiny("llama"), text=text)
    [found] = failure.value.diagnostics
    # Of a bound of 6 the number 10 is right and 1 is not, which begins it.
    assert (found.code, found.message) == (
        "CS623",
        "the answers `1` and `10` are not told apart by their tokens, `10`",
    )


def test_shuffled_labels_are_asked_as_far_as_a_run_tells() -> None:
    own = torch.tensor([[[1, 1, 5], [2, 3, 6], [4, 4, -1]]])
    assert texts_of(own) == [((1, 2, 4), (1, 3, 4), (5, 6))]
    forced = torch.tensor([[70, 71, 72]])  # after 1 2, after 1 3, and after 5
    other = torch.tensor([[[1, 1, 5, 1, 8, 8], [2, 9, 6, 2, 8, 9], [7, 4, -1, 8, 8, 8]]])
    labels, runs = readable_after(own, forced, other)
    # Of 1 9 4 its second token is told after 1, of texts with 8 the first.
    assert texts_of(labels) == [((1, 2, 7), (1, 9), (5, 6), (1, 2, 8), (8,))]
    assert runs[0, 0] == runs[0, 3] == 70
    assert runs[0, 2] == 72
    here = prepared(tiny("gpt2"), "train")
    [shuffled] = with_shuffled_labels((here,), seed=0)
    assert not torch.equal(shuffled.rows.labels, here.rows.labels)
    asked = LabelRuns.of(shuffled.rows)
    logits = here.subject.run(asked.runs.bases, ()).logits
    found = asked.log_probability(logits)
    assert bool((found < 0).all()) and bool(found.isfinite().all())


def test_a_row_may_ask_for_nothing() -> None:
    here = prepared(tiny("llama"))
    rows = here.rows.take(torch.arange(2))
    assert rows.forced is not None
    nothing = rows.labels.clone()
    nothing[1] = -1
    forced = rows.forced.clone()
    forced[1] = -1
    asked = LabelRuns.of(replace(rows, labels=nothing, forced=forced))
    logits = here.subject.run(asked.runs.bases, ()).logits
    found = asked.log_probability(logits)
    assert float(found[0]) < 0 == float(found[1])
    assert agreement(asked.predicted(logits), nothing).tolist()[1] is True
