"""Every metric, bound, control and write on the network whose places are known, with values that a
forward pass of its own and the weights' few numbers say.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM

from causalspec.compiler.data.counterfactuals import generate
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.specification import Specification
from causalspec.compiler.vocabulary import BUILT_IN
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.results.records import ClaimVerdict
from tests.helpers import planted_decoder as planted
from tests.helpers.planted_claims import Asked, prompts_of, specified, verified

SCORES = (
    "iia", "lower(iia)", "upper(iia)", "iia(differs)", "log_odds", "logit_difference", "kl",
    "cause", "isolate", "cause_isolate", "iia(no_swap)", "log_odds(no_swap)",
    "logit_difference(no_swap)", "kl(no_swap)", "cause(no_swap)", "isolate(no_swap)",
    "cause_isolate(no_swap)",
)  # fmt: skip
CONTROLS = (
    "iia", "iia(no_swap)", "iia(full_vector)", "iia(random_subspace)", "iia(shuffled_labels)",
    "iia(random_network)", "iia(self_swap)", "iia(site_resampled)", "iia(unmapped_resampled)",
    "train_iia",
)  # fmt: skip
FIRING = ("auroc", "precision", "recall", "lower(auroc)", "iia")
EFFECTS = ("log_odds", "logit_difference", "kl")
STARRED = "head[0] layers 0 token last by full_vector writing "
CLAIMS = {
    "there": Asked("differs", "mlp_output layers 0 token last by full_vector", SCORES),
    "elsewhere": Asked("differs", "head[2] layers 0 token last by full_vector", SCORES),
    "two_letters": Asked(
        "marked", "attention_output layers 0 token last by das(dim = 1)", CONTROLS
    ),
    "one_number": Asked("differs", "neuron[5] layers 1 token last by das(dim = 1)", CONTROLS),
    "neuron": Asked("differs", "neuron[5] layers 1 token last by full_vector", FIRING),
    "turned": Asked("differs", "mlp_output layers 0 token last by mean_difference", FIRING),
    "idle": Asked("differs", "neuron[3] layers 1 token last by full_vector", FIRING),
    "zero": Asked("marked", STARRED + "zero", EFFECTS),
    "mean": Asked("marked", STARRED + "mean(Swap_which.train)", EFFECTS),
    "value": Asked("marked", STARRED + "value(a)", ("iia", "cause", "isolate", "kl")),
    "steer": Asked("marked", STARRED + "steer(b, a, scale = 0.25)", EFFECTS),
}


@dataclass(frozen=True)
class Walked:
    """The verdicts, the spec that they are of, and the network as transformers loads it."""

    verdicts: dict[str, ClaimVerdict]
    specification: Specification
    model: Any

    def values(self, claim: str) -> dict[str, float]:
        """What each score came to, by its text."""
        expectations = self.verdicts[claim].expectations
        return {expected.text.partition(" <=")[0]: expected.value for expected in expectations}

    def pairs(self, variable: str, split: str = "test") -> InterchangePairs:
        return generate(self.specification.counterfactuals[f"Swap_{variable}"], split)


@pytest.fixture(scope="module")
def walked(planted_network: Path, tmp_path_factory: pytest.TempPathFactory) -> Walked:
    folder = tmp_path_factory.mktemp("scores")
    network = load_task_network(str(planted_network), "cpu")
    untyped: Any = AutoModelForCausalLM
    return Walked(
        verified(folder, network, CLAIMS),
        specified(folder, CLAIMS),
        untyped.from_pretrained(planted_network).eval(),
    )


def test_every_score_and_write_is_walked() -> None:
    asked = {score for claim in CLAIMS.values() for score in claim.scores}
    assert set(BUILT_IN.metrics) <= asked
    assert {f"{bound}(iia)" for bound in BUILT_IN.bounds} <= asked
    assert {f"iia({control})" for control in BUILT_IN.controls} <= asked
    written = " ".join(claim.place for claim in CLAIMS.values())
    assert all(f"writing {write}" in written for write in BUILT_IN.writes if write != "interchange")


# By hand -----------------------------------------------------------------------------------------


def logits(model: Any, prompts: Tensor, head: Callable[[Tensor], Tensor] | None = None) -> Tensor:
    """The logits [rows, words] after each prompt; `head` replaces what head 0 of layer 0 yields at
    the last token, [rows, size].
    """

    def replaced(_module: Any, inputs: tuple[Tensor]) -> tuple[Tensor]:
        (heads,) = inputs
        changed = heads.clone()
        assert head is not None
        changed[:, -1, : planted.SIZE] = head(heads[:, -1, : planted.SIZE])
        return (changed,)

    output = model.transformer.h[0].attn.c_proj
    handle = output.register_forward_pre_hook(replaced) if head else None
    with torch.no_grad():
        found = model(input_ids=prompts).logits[:, -1].double()
    if handle:
        handle.remove()
    return found


def answers(codes: Any) -> Tensor:
    """The tokens of answers as the compiler numbers them: yes, no."""
    return torch.tensor([planted.WORDS.index(("yes", "no")[code]) for code in codes])


def divergence(expected: Tensor, given: Tensor) -> Tensor:
    """Kullback-Leibler, in nats, of logits [rows, words]."""
    expected, given = expected.log_softmax(-1), given.log_softmax(-1)
    return (expected.exp() * (expected - given)).sum(-1)


def between(found: Tensor, some: Tensor, others: Tensor) -> Tensor:
    return found.gather(1, some[:, None])[:, 0] - found.gather(1, others[:, None])[:, 0]


def test_the_network_plays_the_task_as_the_compiler_numbers_it(walked: Walked) -> None:
    pairs = walked.pairs("differs", "train")
    found = logits(walked.model, prompts_of(pairs.base))
    right = answers(pairs.base_outputs["answer"])
    assert torch.equal(found.argmax(-1), right)
    wrong = answers(1 - pairs.base_outputs["answer"])
    assert torch.allclose(
        between(found, right, wrong), torch.full((64,), 2.0 * planted.SURE).double()
    )


# Metrics and bounds ------------------------------------------------------------------------------


def test_scores_where_the_variable_is(walked: Walked) -> None:
    found = walked.values("there")
    pairs = walked.pairs("differs")
    changed = pairs.label["answer"] != pairs.base_outputs["answer"]
    plain = logits(walked.model, prompts_of(pairs.base))
    source = logits(walked.model, prompts_of(pairs.sources[0]))  # it differs as the label does
    apart = float(divergence(source, plain).mean())
    assert changed.mean() == 0.5
    z = 1.959963984540054
    assert found == pytest.approx(
        {
            "iia": 1.0,
            "lower(iia)": 48 / (48 + z * z),  # Wilson's, of 48 different pairs
            "upper(iia)": 1.0,
            "iia(differs)": 1.0,
            "log_odds": 4 * planted.SURE,  # from -2 to 2
            "logit_difference": 2 * planted.SURE,
            "kl": 0.0,
            "cause": 1.0,
            "isolate": 1.0,
            "cause_isolate": 1.0,
            "iia(no_swap)": 0.5,
            "log_odds(no_swap)": 0.0,
            "logit_difference(no_swap)": -2 * planted.SURE,
            "kl(no_swap)": apart,
            "cause(no_swap)": 0.0,
            "isolate(no_swap)": 1.0,
            "cause_isolate(no_swap)": 0.5,
        },
        abs=1e-4,
    )


def test_scores_where_it_is_not_are_those_of_no_swap(walked: Walked) -> None:
    found = walked.values("elsewhere")
    for name in ("iia", "log_odds", "logit_difference", "kl", "cause", "isolate", "cause_isolate"):
        assert found[name] == pytest.approx(found[f"{name}(no_swap)"], abs=1e-4)


# What one feature says ----------------------------------------------------------------------------


def test_a_neuron_that_fires_where_the_variable_is_true(walked: Walked) -> None:
    base = walked.pairs("differs").base
    inputs = {tuple(row) for row in zip(*base.values(), strict=True)}
    plain = {prompt: differs(prompt) for prompt in map(tuple, prompts_of(base).tolist())}
    assert len(plain) == len(inputs)
    smaller = min(sum(plain.values()), len(plain) - sum(plain.values()))
    z = 1.959963984540054
    for name in ("neuron", "turned"):
        assert walked.values(name) == pytest.approx(
            {
                "auroc": 1.0,
                "precision": 1.0,
                "recall": 1.0,
                "lower(auroc)": smaller / (smaller + z * z),
                "iia": 1.0,
            }
        )


def differs(prompt: tuple[int, ...]) -> bool:
    """Whether the two letters of a prompt's tokens differ, by its words."""
    _, first, second, side = (planted.WORDS[token] for token in prompt)
    starred = first if first[0] == "*" else second
    asked = first if side == "left" else second
    return starred[-1] != asked[-1]


def test_a_neuron_of_noise_says_what_its_activation_says(walked: Walked) -> None:
    found = walked.values("idle")
    train, test = (activations(walked, split) for split in ("train", "test"))
    pairs = [(true, false) for true in test[True] for false in test[False]]
    above = sum((true > false) + (true == false) / 2 for true, false in pairs)
    assert found["auroc"] == pytest.approx(above / len(pairs), abs=1e-6)

    def scores(values: dict[bool, list[float]], least: float) -> tuple[float, float]:
        right = sum(value >= least for value in values[True])
        fired = right + sum(value >= least for value in values[False])
        return right / max(fired, 1), right / len(values[True])

    chosen_on = activations(walked, "validation")
    assert train != chosen_on
    candidates = sorted({*chosen_on[True], *chosen_on[False]})
    f1 = {
        least: 2 * p * r / (p + r) if p + r else 0.0
        for least in candidates
        for p, r in [scores(chosen_on, least)]
    }
    best = max(least for least in f1 if f1[least] >= max(f1.values()) - 1e-9)
    below = [value for value in candidates if value < best]
    least = (best + max(below)) / 2 if below else best
    assert (found["precision"], found["recall"]) == pytest.approx(scores(test, least))
    assert found["iia"] == 0.5  # a swap of it does nothing


def activations(walked: Walked, split: str) -> dict[bool, list[float]]:
    """What neuron 3 of layer 1 holds at the last token of each distinct base, by `differs`."""
    prompts = prompts_of(walked.pairs("differs", split).base).unique(dim=0)
    held: list[Tensor] = []
    into = walked.model.transformer.h[1].mlp.c_proj
    handle = into.register_forward_pre_hook(lambda _module, given: held.append(given[0]))
    with torch.no_grad():
        walked.model(input_ids=prompts)
    handle.remove()
    found: dict[bool, list[float]] = {True: [], False: []}
    for prompt, value in zip(prompts.tolist(), held[0][:, -1, 3].double().tolist(), strict=True):
        found[differs(tuple(prompt))].append(value)
    return found


# Controls ----------------------------------------------------------------------------------------


def test_controls_beside_one_of_two_letters(walked: Walked) -> None:
    found = walked.values("two_letters")
    pairs = walked.pairs("marked")
    both = pairs.source_outputs[0]["answer"] == pairs.label["answer"]  # the source's own comparison
    assert found["iia"] == 1
    assert found["iia(no_swap)"] == 0.5
    assert found["iia(full_vector)"] == pytest.approx(both.mean())
    assert found["iia(random_subspace)"] <= 0.6  # one direction of 32 at random
    assert found["iia(shuffled_labels)"] <= 0.7
    assert found["iia(random_network)"] <= 0.6  # it may say any of 17 words


def test_controls_at_a_single_number_are_the_swap_itself(walked: Walked) -> None:
    found = walked.values("one_number")
    assert found["iia(full_vector)"] == found["iia(random_subspace)"] == found["iia"] == 1
    assert found["iia(random_network)"] <= 0.6


# Writes ------------------------------------------------------------------------------------------


def test_a_value_that_is_written_has_its_own_label(walked: Walked) -> None:
    assert walked.values("value") == pytest.approx(
        {"iia": 1, "cause": 1, "isolate": 1, "kl": 0}, abs=1e-4
    )


@pytest.mark.parametrize("write", ["zero", "mean", "steer"])
def test_what_is_no_value_is_held_against_the_bases_run(walked: Walked, write: str) -> None:
    mean = heads_of(walked, "which").mean(0)

    def head(numbers: Tensor) -> Tensor:
        match write:
            case "zero":
                return torch.zeros_like(numbers)
            case "mean":
                return mean.expand_as(numbers)
            case _:  # the mean for b is 1, that for a -1
                return numbers + 0.25 * 2 * torch.eye(planted.SIZE)[0]

    pairs = walked.pairs("marked")
    prompts = prompts_of(pairs.base)
    label, own = answers(pairs.label["answer"]), answers(pairs.base_outputs["answer"])
    before, after = logits(walked.model, prompts), logits(walked.model, prompts, head)
    changed = label != own
    moved = between(after, label, own)[changed]
    assert walked.values(write) == pytest.approx(
        {
            "log_odds": float((moved - between(before, label, own)[changed]).mean()),
            "logit_difference": float(moved.mean()),
            "kl": float(divergence(before, after).mean()),
        },
        abs=1e-4,
    )
    assert not math.isclose(walked.values(write)["kl"], 0, abs_tol=1e-3)


def heads_of(walked: Walked, variable: str) -> Tensor:
    """What head 0 of layer 0 yields at the last token of each training base."""
    seen: list[Tensor] = []

    def head(numbers: Tensor) -> Tensor:
        seen.append(numbers)
        return numbers

    prompts = prompts_of(walked.pairs(variable, "train").base)
    logits(walked.model, prompts, head)
    return seen[0]
