"""Questions about a model with their answers and the reasons: a benchmark of causal reasoning.

A question is drawn from a world that can be, so its evidence is never impossible. The answer is
computed exactly, and the derivation names every mechanism that it goes through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.evaluators.columns import Columns, setting_at
from causalspec.compiler.model import CausalModel, Role
from causalspec.compiler.sampling.answers import Answers, with_flags
from causalspec.compiler.sampling.derivations import MOST_WORLDS_TOLD, derivation, model_in_words
from causalspec.compiler.sampling.phrases import (
    Phrases,
    QuestionTexts,
    formula_conclusion,
    formula_question,
)
from causalspec.compiler.sampling.rungs import Outcome, Query, Rung, sample, tally

_MOST_EVIDENCE = 3
_ATTEMPTS = 100
"""So often a question is drawn again that is there already, or came out as one of another rung."""

_NARROW = 5
"""Attempts before questions are about more variables: the simple ones come first."""

_WORDS = 64
"""Random words that are drawn together."""

_NO_TEXTS: QuestionTexts = {}


@dataclass(frozen=True, slots=True)
class Question:
    """A question in words. `answers` are the values of the variable `of`, the likeliest first; with
    `asked`, it is about the probability of that value alone. `variables` counts those that the
    answer hangs on.
    """

    rung: Rung
    model: tuple[str, ...]
    text: str
    of: str
    answers: tuple[Outcome, ...]
    derivation: tuple[str, ...]
    query: Query
    variables: int
    asked: int | None = None

    @property
    def answer(self) -> Outcome:
        """The value that is asked about, else the likeliest one."""
        return (
            self.answers[0] if self.asked is None else _of_value(self.of, self.asked, self.answers)
        )


def questions(
    asked: Query, count: int, seed: int, texts: QuestionTexts = _NO_TEXTS
) -> Iterator[Question]:
    """So many questions about a model, no two alike, their rungs in turn as long as there are more
    of each; fewer where a model has no more at all. What the query does, if anything, is what they
    all do, but for observations. The same query, texts, seed and version give the same.

    Raises `UnanswerableError` for a cyclic model.
    """
    model = asked.model
    phrases = Phrases(model, texts)
    described = (*model_in_words(model), *phrases.legend())
    drawn = sample(Query(model, {}, {}), count, seed)
    stream = Stream.of(seed, "questions", model.name)
    told: set[str] = set()
    answers = Answers(model)
    rungs = list(Rung)
    few = answers.worlds <= MOST_WORLDS_TOLD
    for row in range(count):
        chance = _Chance(stream.derive(f"{row}"))
        found = None
        while rungs and found is None:
            rung = rungs[row % len(rungs)]
            found = _drawn(asked, rung, drawn.factual, row, chance, phrases, told, few=few)
            if found is None:
                rungs.remove(rung)
        if found is None:
            return
        told.add(found[0])
        yield _answered(described, phrases, answers, *found)


_Drawn = tuple[str, Query, str, int | None]
"""A question's text, its query, what it is about, and the value that is asked for."""


def _drawn(
    asked: Query,
    rung: Rung,
    drawn: Columns,
    row: int,
    chance: _Chance,
    phrases: Phrases,
    told: set[str],
    *,
    few: bool,
) -> _Drawn | None:
    for attempt in range(_ATTEMPTS):
        world = setting_at(drawn, (row + attempt) % len(drawn[asked.model.inputs[0]]))
        wide = attempt >= _NARROW
        query, of = _query(asked, rung, world, chance, few=few, wide=wide)
        value = None
        if phrases.cover(query, of):
            codes = query.model.by_name[of].domain.codes()
            value = codes[chance.below(len(codes))]
            text = phrases.question(query, of, value)
        else:
            text = formula_question(query, of)
        if query.rung is rung and text not in told:
            return text, query, of, value
    return None


def _answered(
    described: tuple[str, ...],
    phrases: Phrases,
    known: Answers,
    text: str,
    query: Query,
    of: str,
    value: int | None,
) -> Question:
    abduced, solved = known.of(query)
    answers = tally(abduced, with_flags(solved, [of]), [of])
    if value is None:
        conclusion = formula_conclusion(query.model, of, answers)
    else:
        conclusion = phrases.conclusion(of, _of_value(of, value, answers))
    steps = (*derivation(query, abduced, of, known, solved), conclusion)
    hangs_on = query.acting.ancestors([of], query.done) | query.model.ancestors(query.observed)
    stated = (name for name in hangs_on if query.model.by_name[name].role is not Role.ABBREVIATION)
    size = sum(1 for _ in stated)
    return Question(query.rung, described, text, of, answers, steps, query, size, value)


def _of_value(of: str, code: int, answers: tuple[Outcome, ...]) -> Outcome:
    """How likely a value is, be it not at all."""
    impossible = Outcome({of: code}, Fraction(0))
    return next((answer for answer in answers if answer.values.get(of) == code), impossible)


class _Chance:
    """Draws one after the other from a stream."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._position = 0
        self._words: list[int] = []

    def below(self, bound: int) -> int:
        place, self._position = self._position % _WORDS, self._position + 1
        if not place:
            self._words = self._stream.words(self._position - 1, _WORDS).tolist()
        return self._words[place] * bound >> 64  # uneven by less than 2^-50

    def among(self, names: tuple[str, ...]) -> str:
        return names[self.below(len(names))]


def _query(
    asked: Query, rung: Rung, world: Mapping[str, int], chance: _Chance, *, few: bool, wide: bool
) -> tuple[Query, str]:
    """A query of a rung, if it comes out as one, and the variable that it is about: wide ones set
    two variables, are about any that is computed, and have more evidence. Where derivations can't
    spell out every world, which are not `few`, the inputs are given: only noise stays open.
    """
    model = asked.model
    of = chance.among((*model.outputs, *model.intermediates) if wide else model.outputs)
    inputs = {} if few and not wide else {name: world[name] for name in model.inputs}
    if few and wide and chance.below(2):
        inputs = {}  # as often as not
    most = _MOST_EVIDENCE + 2 * wide
    if rung is Rung.OBSERVATION:
        seen = _evidence(model, world, chance, of, most)
        return Query(model, inputs if inputs and not wide else {**inputs, **seen}, {}), of
    query = asked
    if asked.rung is Rung.OBSERVATION:
        query = replace(asked, done=_done(model, world, chance, of, wide=wide))
    if rung is Rung.INTERVENTION:
        return replace(query, observed=inputs), of
    seen = _evidence(model, world, chance, None, most)
    return replace(query, observed={**inputs, **seen}), of


def _done(
    model: CausalModel, world: Mapping[str, int], chance: _Chance, of: str, *, wide: bool
) -> dict[str, int]:
    """Other values than those of the world, where there are any; for two variables, perhaps, and
    for inputs, too, of a wide question.
    """
    narrow = model.intermediates or model.inputs
    able = (*model.inputs, *model.intermediates) if wide else narrow
    targets = [name for name in able if name != of]
    done: dict[str, int] = {}
    count = 1 + wide * chance.below(2)
    for _ in range(min(count, len(targets))):
        target = targets.pop(chance.below(len(targets)))
        every = model.by_name[target].domain.codes()
        codes = [code for code in every if code != world.get(target)]
        done[target] = codes[chance.below(len(codes))] if codes else world[target]
    return {name: done[name] for name in model.by_name if name in done}


def _evidence(
    model: CausalModel, world: Mapping[str, int], chance: _Chance, hidden: str | None, most: int
) -> dict[str, int]:
    """The values that some variables have in the world; never that of the hidden one."""
    stated = (*model.inputs, *model.intermediates, *model.outputs)
    names = [name for name in stated if name != hidden and name in world]
    found: dict[str, int] = {}
    for _ in range(min(len(names), 1 + chance.below(most))):
        name = names.pop(chance.below(len(names)))
        found[name] = world[name]
    return {name: found[name] for name in model.by_name if name in found}
