"""What changed in what is checked: expectations tightened or loosened, examples, warnings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from causalspec.compiler.review.changes import Area, Change
from causalspec.compiler.review.joint_model import same_expression
from causalspec.compiler.review.remaining import other_fields
from causalspec.compiler.specification import (
    Abstraction,
    Claim,
    Example,
    Expectation,
    Metric,
    MetricArithmetic,
    MetricExpression,
    Specification,
)
from causalspec.compiler.wording import setting_text
from causalspec.dsl import syntax


def claim_changes(old: Claim, new: Claim) -> Iterator[Change]:
    """Every change of a claim, in the old version's names."""
    where = old.name
    for part, was, now in (
        ("is about", f"`{old.model.name}`", f"`{new.model.name}`"),
        ("is scored on", _data(old), _data(new)),
        ("uses the alignment", f"`{old.alignment}`", f"`{new.alignment}`"),
        ("is scored under the prompt", _prompt(old.prompt), _prompt(new.prompt)),
        ("is fitted under the prompt", _prompt(old.fitted_on), _prompt(new.fitted_on)),
    ):
        if was != now:
            yield Change(Area.CLAIMS, where, f"{part} {now}, was {was}")
    yield from _expectation_changes(where, old.expectations, new.expectations)
    yield from other_fields(Area.CLAIMS, where, old, new, _LOOKED_AT)


_LOOKED_AT = frozenset(
    {"name", "model", "data", "alignment", "prompt", "fitted_on", "expectations", "documentation"}
)


def _data(claim: Claim) -> str:
    return ", ".join(f"`{design}.{split}`" for design, split in claim.data)


def _prompt(name: str | None) -> str:
    return "that comes first" if name is None else f"`{name}`"


# Expectations ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Bound:
    """An expectation as `sum of scores ≥ threshold`; `is_strict` where equality fails, and
    `is_equality` where nothing else holds.
    """

    scores: Mapping[Metric, Fraction]
    threshold: Fraction
    is_strict: bool
    is_equality: bool

    @property
    def key(self) -> object:
        return frozenset(self.scores.items()), self.is_equality


def _expectation_changes(
    where: str, old: tuple[Expectation, ...], new: tuple[Expectation, ...]
) -> Iterator[Change]:
    """Expectations of one combination of scores are one, however they are written."""
    before, after = ({_key(one): one for one in side} for side in (old, new))
    lost = [one for key, one in before.items() if key not in after]
    won = [one for key, one in after.items() if key not in before]
    pairs = [(one, after[key]) for key, one in before.items() if key in after]
    for one in list(lost):  # the same scores, now by a bound of their intervals
        other = next((other for other in won if _scores(other) == _scores(one)), None)
        if other is not None:
            pairs.append((one, other))
            lost.remove(one)
            won.remove(other)
    for one, other in pairs:
        word = _moved(one, other)
        if word is not None:
            text = f"{word}: expects `{other.text}` and no more `{one.text}`"
            yield Change(Area.CLAIMS, where, text)
    for one in lost:
        yield Change(Area.CLAIMS, where, f"loosened: no more expects `{one.text}`")
    for one in won:
        yield Change(Area.CLAIMS, where, f"tightened: expects `{one.text}`, too")


_RANKS = {"upper": -1, "mean": 0, "lower": 1}
"""The bounds of one score, from the easiest to exceed."""


def _scores(one: Expectation) -> object:
    """What an expectation is about, whichever bounds it takes."""
    bound = _bound(one)
    if bound is None:
        return one
    return frozenset((_score(metric), share) for metric, share in bound.scores.items())


def _score(metric: Metric) -> object:
    """What a metric is of, whichever bound of it is taken."""
    return metric.name, metric.of, metric.kind


def _moved(old: Expectation, new: Expectation) -> str | None:
    """Whether the expectation is harder or easier to meet; None where it is the same."""
    was, now = _bound(old), _bound(new)
    if was is None or now is None or was == now:
        return None
    rank = {_score(metric): _RANKS.get(metric.bound, 0) for metric in was.scores}
    steps = [
        (share > 0 or -1) * (_RANKS.get(metric.bound, 0) - rank[_score(metric)])
        for metric, share in now.scores.items()
    ]
    harder = (now.threshold, now.is_strict) >= (was.threshold, was.is_strict)
    easier = (now.threshold, now.is_strict) <= (was.threshold, was.is_strict)
    if was.is_equality or now.is_equality:
        return "changed"
    if harder and min(steps) >= 0:
        return "tightened"
    return "loosened" if easier and max(steps) <= 0 else "changed"


def _key(one: Expectation) -> object:
    bound = _bound(one)
    return bound.key if bound is not None else (one.left, one.operator, one.right)


def _bound(one: Expectation) -> _Bound | None:
    """None where scores are multiplied or divided by each other."""
    left, right = _linear(one.left), _linear(one.right)
    if left is None or right is None:
        return None
    sign = -1 if one.operator in ("<", "<=") else 1
    total: dict[Metric | None, Fraction] = {}
    for terms, factor in ((left, sign), (right, -sign)):
        for metric, share in terms.items():
            total[metric] = total.get(metric, Fraction(0)) + factor * share
    threshold = -total.pop(None, Fraction(0))
    scores = {metric: share for metric, share in total.items() if metric is not None and share}
    if not scores:
        return None
    # One scale for all ways to write it; of an equality also one sign.
    scale = abs(next(iter(sorted(scores.values(), key=abs))))
    if one.operator == "==" and scores[min(scores, key=repr)] < 0:
        scale = -scale
    return _Bound(
        {metric: share / scale for metric, share in scores.items()},
        threshold / scale,
        one.operator in ("<", ">"),
        one.operator == "==",
    )


_Terms = dict[Metric | None, Fraction]
"""The factor of each score, and the constant under None."""


def _linear(expression: MetricExpression) -> _Terms | None:
    match expression:
        case Metric():
            return {expression: Fraction(1)}
        case MetricArithmetic(operator, first, second):
            left, right = _linear(first), _linear(second)
            if left is None or right is None:
                return None
            return _combined(operator, left, right)
        case _:
            return {None: Fraction(str(expression))}


def _combined(operator: str, left: _Terms, right: _Terms) -> _Terms | None:
    if operator in ("+", "-"):
        sign = 1 if operator == "+" else -1
        return {
            metric: left.get(metric, Fraction(0)) + sign * right.get(metric, Fraction(0))
            for metric in {**left, **right}
        }
    if operator == "*" and not set(left) - {None}:
        left, right = right, left
    if set(right) - {None}:
        return None
    factor = right.get(None, Fraction(0))
    if operator == "/":
        if not factor:
            return None
        factor = 1 / factor
    return {metric: share * factor for metric, share in left.items()}


# Examples and accepted warnings ------------------------------------------------------------------


def example_changes(old: Specification, new: Specification) -> Iterator[Change]:
    """Unit tests of the spec that are gone or new."""
    before, after = (
        {_example(one): one.model.name for one in side.examples} for side in (old, new)
    )
    for text, where in before.items():
        if text not in after:
            yield Change(Area.CLAIMS, where, f"loosened: the example `{text[1]}` is gone")
    for text, where in after.items():
        if text not in before:
            yield Change(Area.CLAIMS, where, f"tightened: the example `{text[1]}` is new")


def _example(one: Example) -> tuple[str, str]:
    model = one.model
    text = setting_text(model, one.inputs, one.inputs, 60)
    codes = {name: value for name, value in one.interventions.items() if isinstance(value, int)}
    done = [setting_text(model, codes, [name], 60) if name in codes else f"{name} = …"
            for name in one.interventions]  # fmt: skip
    if done:
        text += f" do {', '.join(done)}"
    return model.name, f"{text} gives {setting_text(model, one.expected, one.expected, 60)}"


def allowance_changes(old: syntax.File, new: syntax.File) -> Iterator[Change]:
    """Warnings that the new version silences, and those that it no longer does."""
    before, after = ({one.code.text: one.reason.value for one in file.allowances}
                     for file in (old, new))  # fmt: skip
    for code, reason in after.items():
        if code not in before:
            text = f"loosened: the warning {code} is accepted, “{reason}”"
            yield Change(Area.CLAIMS, "the file", text)
    for code in before:
        if code not in after:
            text = f"tightened: the warning {code} is accepted no more"
            yield Change(Area.CLAIMS, "the file", text)


# Abstractions ------------------------------------------------------------------------------------


def abstraction_changes(old: Abstraction, new: Abstraction) -> Iterator[Change]:
    """What is stated to relate two models."""
    where = old.name
    pairs = [f"`{one.fine.name}` to `{one.coarse.name}`" for one in (old, new)]
    if pairs[0] != pairs[1]:
        yield Change(Area.CLAIMS, where, f"is from {pairs[1]} and no more from {pairs[0]}")
    for name, was in old.values.items():
        now = new.values.get(name)
        if now is None:
            yield Change(Area.CLAIMS, where, f"no more says what `{name}` is")
        elif not same_expression(was, now, str.__eq__):
            yield Change(Area.CLAIMS, where, f"says otherwise what `{name}` is")
    for name in new.values:
        if name not in old.values:
            yield Change(Area.CLAIMS, where, f"says what `{name}` is")
