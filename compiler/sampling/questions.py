"""Questions about a model with their answers and the reasons: a benchmark of causal reasoning.

A question is drawn from a world that can be, so its evidence is never impossible. The answer is
computed exactly, and the derivation names every mechanism that it goes through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.evaluators.columns import setting_at
from causalspec.compiler.model import CausalModel
from causalspec.compiler.sampling.derivations import (
    MOST_WORLDS_TOLD,
    derivation,
    model_in_words,
    policy_texts,
)
from causalspec.compiler.sampling.rungs import (
    Outcome,
    Query,
    Rung,
    abduce,
    outcomes,
    sample,
)
from causalspec.compiler.sampling.worlds import world_count
from causalspec.compiler.wording import assigned, setting_text

_MOST_EVIDENCE = 3
_ATTEMPTS = 20
"""So often a question is drawn again that is there already, or came out as one of another rung."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question in words. `answers` are the values of the variable `of`, the likeliest first."""

    rung: Rung
    model: tuple[str, ...]
    text: str
    of: str
    answers: tuple[Outcome, ...]
    derivation: tuple[str, ...]
    query: Query

    @property
    def answer(self) -> Outcome:
        """The likeliest value."""
        return self.answers[0]


def questions(asked: Query, count: int, seed: int) -> Iterator[Question]:
    """So many questions about a model, no two alike, their rungs in turn; fewer where it has no
    more of a rung. What the query does, if anything, is what they all do, but for observations. The
    same query, seed and version give the same.

    Raises `UnanswerableError` for a cyclic model.
    """
    model = asked.model
    described = tuple(model_in_words(model))
    drawn = sample(Query(model, {}, {}), count, seed)
    stream = Stream.of(seed, "questions", model.name)
    told: set[str] = set()
    for row in range(count):
        world, rung = setting_at(drawn.factual, row), tuple(Rung)[row % len(Rung)]
        for attempt in range(_ATTEMPTS):
            chance = _Chance(stream.derive(f"{row}" if not attempt else f"{row}, {attempt}"))
            of = chance.among(model.outputs)
            query = _query(asked, rung, world, of, chance)
            text = _question_text(query, of)
            if query.rung is rung and text not in told:
                break
        else:
            continue
        told.add(text)
        answers = outcomes(query, [of])
        steps = (*derivation(query, abduce(query), of), _conclusion(model, of, answers))
        yield Question(rung, described, text, of, answers, steps, query)


class _Chance:
    """Draws one after the other from a stream."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._position = 0

    def below(self, bound: int) -> int:
        self._position += 1
        return int(self._stream.below(bound, self._position, 1)[0])

    def among(self, names: tuple[str, ...]) -> str:
        return names[self.below(len(names))]


def _query(asked: Query, rung: Rung, world: Mapping[str, int], of: str, chance: _Chance) -> Query:
    model = asked.model
    # Where derivations can't spell out every world, the inputs are given: only noise stays open.
    few = world_count(model, {}) <= MOST_WORLDS_TOLD
    inputs = {} if few else {name: world[name] for name in model.inputs}
    if rung is Rung.OBSERVATION:
        return Query(model, inputs if inputs else _evidence(model, world, chance, of), {})
    if asked.rung is not Rung.OBSERVATION:
        if rung is Rung.INTERVENTION:
            return replace(asked, observed=inputs)
        return replace(asked, observed={**inputs, **_evidence(model, world, chance, None)})
    targets = model.intermediates or model.inputs
    target = targets[chance.below(len(targets))]
    codes = [code for code in model.by_name[target].domain.codes() if code != world.get(target)]
    done = {target: codes[chance.below(len(codes))] if codes else world[target]}
    if rung is Rung.INTERVENTION:
        return Query(model, inputs, done)
    return Query(model, {**inputs, **_evidence(model, world, chance, None)}, done)


def _evidence(
    model: CausalModel, world: Mapping[str, int], chance: _Chance, hidden: str | None
) -> dict[str, int]:
    """The values that some variables have in the world; never that of the hidden one."""
    stated = (*model.inputs, *model.intermediates, *model.outputs)
    names = [name for name in stated if name != hidden and name in world]
    found: dict[str, int] = {}
    for _ in range(min(len(names), 1 + chance.below(_MOST_EVIDENCE))):
        name = names.pop(chance.below(len(names)))
        found[name] = world[name]
    return {name: found[name] for name in model.by_name if name in found}


def _question_text(query: Query, of: str) -> str:
    model = query.model
    seen = setting_text(model, query.observed, query.observed, len(query.observed))
    changes = [setting_text(model, query.done, query.done, len(query.done))] if query.done else []
    changes += [f"{name} = {policy}" for name, policy in policy_texts(query).items()]
    changes += [
        f"{name} to what it is where {setting_text(model, where, where)}"
        for name, where in query.nested.items()
    ]
    done = ", ".join(changes)
    if query.rung is Rung.OBSERVATION:
        start = f"We see {seen}. " if seen else ""
        return f"{start}What is {of}, and with what probability?"
    if query.rung is Rung.INTERVENTION:
        start = f"Given {seen}, " if seen else ""
        return (
            f"{start}{'w' if seen else 'W'}hat is {of} if we set {done}, and with what probability?"
        )
    return f"We see {seen}. Had it been that {done}, what would {of} be, and with what probability?"


def _conclusion(model: CausalModel, of: str, answers: tuple[Outcome, ...]) -> str:
    if len(answers) == 1:
        return f"So {assigned(model, of, answers[0].values.get(of))}, for certain."
    parts = [f"{assigned(model, of, answer.values.get(of))} with probability {answer.probability}"
             for answer in answers[:8]]  # fmt: skip
    rest = sum((answer.probability for answer in answers[8:]), Fraction(0))
    return f"So {', '.join([*parts, f'something else with {rest}'] if rest else parts)}."
