"""Labels: which outputs are right at each of an answer's places, or any of several texts.

Labels are LongTensors [rows, answers], -1 beyond a row's last answer. Where any of several texts is
right, they are [rows, answers, texts], a text's tokens one below the other: any of them answers, -1
beyond a text's last token and beyond a row's last text, and the first is the one that is shown.
None of a row's texts begins another, so the network says one of them at most, and their
probabilities add up. Where they have several tokens a row may take several runs, each of the base
followed by the beginning of some of them: `run_of` [rows, texts] says which.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from causalspec.runtime.untyped import as_list, numbered_rows


def agreement(predicted: Tensor, labels: Tensor) -> Tensor:
    """BoolTensor [rows]: whether every answer of `labels` is given by `predicted` [rows, answers],
    or one whole text where several are right; -1 is none.
    """
    if labels.ndim == 3:
        predicted = with_answers(predicted, labels.shape[1])
        given = ((predicted[..., None] == labels) | (labels < 0)).all(1)
        absent = labels[:, 0] < 0
        return (given & ~absent).any(1) | absent.all(1)
    predicted = with_answers(predicted, labels.shape[1])
    return ((predicted == labels) | (labels < 0)).all(1)


def same_answers(labels: Tensor, others: Tensor) -> Tensor:
    """BoolTensor [rows]: whether the same answers are right by two labels; a label that is none
    agrees with all.
    """
    if labels.ndim == 2:
        return agreement(with_answers(others, labels.shape[1]), labels)
    both = torch.stack(as_wide([labels, others])).transpose(2, 3)  # [2, rows, texts, answers]
    numbers = numbered_rows(both.flatten(0, 2)).view(both.shape[:3])
    first, second = numbers.masked_fill(both[..., 0] < 0, -1).sort(2).values
    return (first == second).all(1) | (labels < 0).flatten(1).all(1)


def log_probability(logits: Tensor, labels: Tensor, run_of: Tensor | None = None) -> Tensor:
    """The logarithm [rows] of the probability of each row's label by logits [runs, answers,
    outputs]: over its answers summed, over several right texts log-sum-exp; -1 is none, of which a
    row that has no other is sure.
    """
    labels = labels.to(logits.device)
    known = logits.log_softmax(-1)
    if labels.ndim == 2:
        chosen = known.gather(2, labels.clamp(min=0)[..., None])[..., 0]
        return chosen.masked_fill(labels < 0, 0.0).sum(1)
    if run_of is None:
        chosen = known.gather(2, labels.clamp(min=0))
    else:
        places = torch.arange(labels.shape[1], device=logits.device)[:, None]
        chosen = known[run_of.to(logits.device)[:, None], places, labels.clamp(min=0)]
    texts = chosen.masked_fill(labels < 0, 0.0).sum(1)
    none = (labels < 0).flatten(1).all(1)
    # Where none is right nothing is summed: of minus infinities alone there is no gradient.
    absent = (labels[:, 0] < 0) & ~none[:, None]
    return texts.masked_fill(absent, -torch.inf).logsumexp(1).masked_fill(none, 0.0)


def cross_entropy(logits: Tensor, labels: Tensor, run_of: Tensor | None = None) -> Tensor:
    """The loss [rows] of logits [runs, answers, outputs] against labels, summed over a row's
    answers: the negative logarithm of their probability.
    """
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    if labels.ndim == 3:
        return -log_probability(logits, labels, run_of)
    # Other inputs of the network may have longer answers than any of these labels.
    labels = with_answers(labels.to(logits.device), logits.shape[1])
    flat = functional.cross_entropy(
        logits.flatten(0, 1), labels.flatten(), reduction="none", ignore_index=-1
    )
    return flat.view(labels.shape).sum(1)


def first_tokens(labels: Tensor) -> Tensor:
    """LongTensor [rows, 1, texts]: of labels of several right texts what each begins with."""
    return labels[:, :1]


def outcomes_of(labels: Tensor, outputs: int) -> Tensor:
    """LongTensor [outputs]: for each output the first that is right by exactly the same of these
    labels [answers, 1, texts]; itself where none is. So the sets make outcomes, even where they
    overlap.
    """
    right_by: dict[int, list[int]] = {}
    for number, [right] in enumerate(as_list(labels)):
        for output in dict.fromkeys(right):
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
    """Labels [rows, answers]: of several texts the one that is shown."""
    return labels[..., 0] if labels.ndim == 3 else labels


def is_asked(labels: Tensor) -> Tensor:
    """BoolTensor [rows, answers]: whether some right answer goes as far."""
    return (labels >= 0).any(2) if labels.ndim == 3 else labels >= 0


def as_wide(parts: Sequence[Tensor]) -> list[Tensor]:
    """Labels [rows, …] with -1 beyond their last, each as wide as the widest in every dimension."""
    widths = [max(sizes) for sizes in zip(*(part.shape[1:] for part in parts), strict=True)]
    found: list[Tensor] = []
    for part in parts:
        missing = [want - size for want, size in zip(widths, part.shape[1:], strict=True)]
        padding = [number for more in reversed(missing) for number in (0, more)]
        found.append(functional.pad(part, padding, value=-1) if any(missing) else part)
    return found


def with_answers(answers: Tensor, width: int) -> Tensor:
    """Answers [rows, answers] with so many columns: a shorter one agrees with no longer one."""
    return functional.pad(answers, (0, width - answers.shape[1]), value=-1)  # or cut


def as_asked(said: Tensor, right: Tensor) -> Tensor:
    """Outputs [answers] of one row without those of places that its label does not ask for."""
    asked = is_asked(right[None])[0]
    return with_answers(said[None], len(asked))[0].masked_fill(~asked, -1)
