"""Labels: which outputs are right at each of an answer's places, or any of several at its only one.

Labels are LongTensors [rows, answers], -1 beyond a row's last answer. Where a set of outputs is
right, they are [rows, 1, texts]: any of them answers, -1 beyond a row's last, and the first is the
one that is shown. Of a set, the probabilities add up.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from causalspec.runtime.untyped import as_list


def agreement(predicted: Tensor, labels: Tensor) -> Tensor:
    """BoolTensor [rows]: whether every answer of `labels` is given by `predicted` [rows, answers],
    one of a set where several are right; -1 is none.
    """
    if labels.ndim == 3:
        given = (predicted[..., None] == labels) & (labels >= 0)
        return (given.any(2) | (labels < 0).all(2)).all(1)
    return ((predicted == labels) | (labels < 0)).all(1)


def same_answers(labels: Tensor, others: Tensor) -> Tensor:
    """BoolTensor [rows]: whether the same answers are right by two labels, which ask for as many
    places; a label that is none agrees with all.
    """
    if labels.ndim == 2:
        return agreement(_as_wide(others, labels), labels)
    most = max(labels.shape[2], others.shape[2])
    first, second = (with_answers(part, most).sort(2).values for part in (labels, others))
    return ((first == second).all(2) | (labels < 0).all(2)).all(1)


def log_probability(logits: Tensor, labels: Tensor) -> Tensor:
    """The logarithm [rows] of the probability of each row's label by logits [rows, answers,
    outputs]: over its answers summed, over a set of right ones log-sum-exp; -1 is none, of which a
    row that has no other is sure.
    """
    labels = labels.to(logits.device)
    known = logits.log_softmax(-1)
    chosen = known.gather(2, labels.clamp(min=0).view(*labels.shape[:2], -1))
    if labels.ndim == 2:
        return chosen[..., 0].masked_fill(labels < 0, 0.0).sum(1)
    none = (labels < 0).all(2)
    # Where none is right nothing is summed: of minus infinities alone there is no gradient.
    absent = (labels < 0) & ~none[..., None]
    summed = chosen.masked_fill(absent, -torch.inf).logsumexp(2)
    return summed.masked_fill(none, 0.0).sum(1)


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """The loss [rows] of logits [rows, answers, outputs] against labels, summed over a row's
    answers: the negative logarithm of their probability.
    """
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    if labels.ndim == 3:
        return -log_probability(logits, labels)
    labels = labels.to(logits.device)
    flat = functional.cross_entropy(
        logits.flatten(0, 1), labels.flatten(), reduction="none", ignore_index=-1
    )
    return flat.view(labels.shape).sum(1)


def outcomes_of(labels: Tensor, outputs: int) -> Tensor:
    """LongTensor [outputs]: for each output the first that is right by exactly the same of these
    labels [answers, 1, texts]; itself where none is. So the sets make outcomes, even where they
    overlap.
    """
    right_by: dict[int, list[int]] = {}
    for number, [right] in enumerate(as_list(labels)):
        for output in right:
            right_by.setdefault(output, []).append(number)
    numbers = torch.arange(outputs)
    first: dict[tuple[int, ...], int] = {}
    for output, answers in right_by.items():
        if output >= 0:
            numbers[output] = first.setdefault(tuple(answers), output)
    return numbers


def outcome_logits(logits: Tensor, outcomes: Tensor) -> Tensor:
    """Logits [rows, outputs] in which each outcome of `outcomes` [outputs] has the log-sum-exp of
    its outputs, where the first of them is, and the others have none.
    """
    places = outcomes.to(logits.device).expand_as(logits)
    lowest = torch.finfo(logits.dtype).min
    most = torch.full_like(logits, lowest).scatter_reduce(1, places, logits, "amax")
    parts = (logits - most.gather(1, places)).exp()
    return most + torch.zeros_like(logits).scatter_add(1, places, parts).log()


def first_right(labels: Tensor) -> Tensor:
    """Labels [rows, answers]: of a set the answer that is shown."""
    return labels[..., 0] if labels.ndim == 3 else labels


def with_answers(labels: Tensor, answers: int) -> Tensor:
    """Labels with -1 beyond the last, to so many answers a row, or outputs of each set."""
    return functional.pad(labels, (0, answers - labels.shape[-1]), value=-1)


def _as_wide(answers: Tensor, labels: Tensor) -> Tensor:
    """Answers with as many columns as labels have: a shorter one agrees with no longer one."""
    return with_answers(answers, labels.shape[1])  # a negative padding cuts
