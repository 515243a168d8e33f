"""Several right outputs, against a slow reference in double precision."""

from __future__ import annotations

import math
import random

import pytest
import torch
from torch import Tensor

from causalspec.runtime.engine.right_answers import (
    agreement,
    cross_entropy,
    first_right,
    log_probability,
    outcome_logits,
    outcomes_of,
    same_answers,
)

OUTPUTS = 23


def some_sets(rows: int, seed: int) -> list[list[int]]:
    chooser = random.Random(seed)
    return [chooser.sample(range(OUTPUTS), chooser.randint(1, 9)) for _ in range(rows)]


def labels_of(sets: list[list[int]]) -> Tensor:
    most = max(map(len, sets))
    return torch.tensor([[some + [-1] * (most - len(some))] for some in sets])


def by_hand(logits: list[float], right: list[int]) -> float:
    """The logarithm of what the probabilities of the right outputs add up to."""
    total = math.fsum(math.exp(logit) for logit in logits)
    return math.log(math.fsum(math.exp(logits[output]) / total for output in right))


@pytest.mark.parametrize("seed", range(5))
def test_probabilities_of_a_set_add_up(seed: int) -> None:
    torch.manual_seed(seed)
    sets = some_sets(40, seed)
    labels = labels_of(sets)
    logits = 4 * torch.randn(40, 1, OUTPUTS, dtype=torch.float64)
    expected = torch.tensor(
        [by_hand(row[0], right) for row, right in zip(logits.tolist(), sets, strict=True)],
        dtype=torch.float64,
    )
    torch.testing.assert_close(log_probability(logits, labels), expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(
        cross_entropy(logits.float(), labels), -expected.float(), rtol=1e-5, atol=1e-5
    )
    # A set is the same whatever the order of its members.
    shuffled = labels_of([sorted(some) for some in sets])
    torch.testing.assert_close(log_probability(logits, shuffled), expected, rtol=1e-12, atol=1e-12)
    assert bool(same_answers(labels, shuffled).all())


def test_gradients_of_a_set_are_those_of_its_probability() -> None:
    torch.manual_seed(0)
    sets = [*some_sets(12, 3), [-1]]  # the last row has no label
    labels = labels_of(sets)
    logits = torch.randn(13, 1, OUTPUTS, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda given: cross_entropy(given, labels), (logits,))
    cross_entropy(logits, labels).sum().backward()
    assert logits.grad is not None
    likely = logits.detach().softmax(-1)[:, 0]
    for row, right in enumerate(sets[:-1]):
        inside = torch.zeros(OUTPUTS, dtype=torch.float64)
        inside[right] = likely[row, right] / likely[row, right].sum()
        torch.testing.assert_close(logits.grad[row, 0], likely[row] - inside)
    assert logits.grad[-1].count_nonzero() == 0
    assert cross_entropy(logits, labels)[-1] == 0


def test_a_set_of_one_is_a_plain_label() -> None:
    torch.manual_seed(0)
    logits = torch.randn(50, 1, OUTPUTS)
    plain = torch.randint(OUTPUTS, (50, 1))
    torch.testing.assert_close(
        cross_entropy(logits, plain[..., None]), cross_entropy(logits, plain)
    )
    assert torch.equal(first_right(plain[..., None]), plain)


def test_what_is_on_no_menu_counts_for_nothing() -> None:
    logits = torch.tensor([[[1.0, 2.0, -torch.inf, 0.5]]])
    found = log_probability(logits, torch.tensor([[[2, 3]]]))
    torch.testing.assert_close(found, log_probability(logits, torch.tensor([[3]])))


def test_the_network_answers_rightly_where_what_it_says_is_in_the_set() -> None:
    sets = some_sets(200, 1)
    chooser = random.Random(2)
    said = [chooser.randrange(OUTPUTS) for _ in sets]
    expected = [output in right for output, right in zip(said, sets, strict=True)]
    predicted = torch.tensor(said)[:, None]
    assert agreement(predicted, labels_of(sets)).tolist() == expected
    assert 0 < sum(expected) < len(expected)


def test_labels_differ_where_their_sets_do() -> None:
    first = labels_of([[1, 2, 3], [1, 2, 3], [1, 2, 3], [4]])
    second = labels_of([[3, 2, 1], [1, 2], [1, 2, 4], [4]])
    assert same_answers(first, second).tolist() == [True, False, False, True]
    assert same_answers(second, first).tolist() == [True, False, False, True]
    # Answers of several tokens: a shorter one is no longer one.
    plain, other = torch.tensor([[1, 2], [1, 2]]), torch.tensor([[1], [2]])
    assert same_answers(plain, other).tolist() == [False, False]


def test_outputs_that_are_right_for_the_same_answers_are_one_outcome() -> None:
    torch.manual_seed(0)
    labels = labels_of([[1, 2, 3, 7], [3, 4, 7], [9]])
    outcomes = outcomes_of(labels, 11)
    assert outcomes.tolist() == [0, 1, 1, 3, 4, 5, 6, 3, 8, 9, 10]
    logits = 5 * torch.randn(30, 11, dtype=torch.float64)
    logits[0, [1, 2, 5]] = -torch.inf
    merged = outcome_logits(logits, outcomes).softmax(-1)
    for likely, found in zip(logits.softmax(-1).tolist(), merged.tolist(), strict=True):
        by_outcome = [0.0] * 11
        for output, probability in zip(outcomes.tolist(), likely, strict=True):
            by_outcome[output] += probability
        assert found == pytest.approx(by_outcome, abs=1e-14)


def test_labels_may_be_shorter_than_the_longest_answers_of_the_network() -> None:
    """Where no label of a split is as long as some answer that its inputs have: places beyond the
    labels are not asked for.
    """
    logits = torch.randn(4, 2, OUTPUTS, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([[3], [7], [0], [11]])
    assert cross_entropy(logits, labels).tolist() == cross_entropy(logits[:, :1], labels).tolist()
    said = torch.tensor([[3, 9], [7, 7], [1, 0], [11, 2]])
    assert agreement(said, labels).tolist() == [True, True, False, True]
