"""Three rungs of questions: the answers of `specs/three_rungs` by a program of their own, which
goes through every world: of all questions in words that there are, and of 100,000 queries.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from causalspec.command_line import main
from causalspec.compiler.model import CausalModel
from causalspec.compiler.sampling.answers import Answers
from causalspec.compiler.sampling.rungs import Query, Rung
from tests.helpers.spec_files import loaded, spec_file

QUERIES = 100_000

World = Mapping[str, bool]


def confounding(world: World, done: World) -> dict[str, bool]:
    run = {**world, **done}
    run["treated"] = done.get("treated", run["severe"] is not run["doctor"])
    helped = run["treated"] and run["works"] if run["severe"] else run["treated"] or run["works"]
    return {**run, "recovers": run["luck"] or helped}


def mediation(world: World, done: World) -> dict[str, bool]:
    run = {**world, **done}
    run["treated"] = done.get("treated", run["doctor"])
    untreated = run["severe"] or run["stubborn"]
    run["fever"] = done.get("fever", run["stubborn"] if run["treated"] else untreated)
    return {**run, "recovers": not run["fever"] or (run["treated"] and run["direct"])}


def arrowhead(world: World, done: World) -> dict[str, bool]:
    run = {**world, **done}
    run["treated"] = done.get("treated", run["severe"] or run["doctor"])
    lasting = not run["treated"] or run["stubborn"]
    run["fever"] = done.get("fever", run["severe"] and lasting)
    return {**run, "recovers": not run["fever"] and (run["treated"] or not run["weak"])}


@dataclass(frozen=True)
class Graph:
    """A model of the spec, written down again: noise and input in percent, mechanisms in Python."""

    model: str
    chances: Mapping[str, int]
    solve: Callable[[World, World], dict[str, bool]]
    middle: str | None = None  # the mediator between treatment and recovery

    def run(self, world: World, done: World) -> dict[str, bool]:
        """What is so under an intervention; nothing reads the recovery, which may be set, too."""
        return {**self.solve(world, done), **done}

    def worlds(self) -> tuple[tuple[dict[str, bool], int], ...]:
        """Every world with its weight."""
        found: list[tuple[dict[str, bool], int]] = []
        for values in product((True, False), repeat=len(self.chances)):
            weight = 1
            for (_, chance), holds in zip(self.chances.items(), values, strict=True):
                weight *= chance if holds else 100 - chance
            found.append((dict(zip(self.chances, values, strict=True)), weight))
        return tuple(found)


GRAPHS = (
    Graph("Confounding", {"severe": 40, "doctor": 20, "works": 70, "luck": 10}, confounding),
    Graph(
        "Mediation", {"severe": 40, "doctor": 50, "stubborn": 30, "direct": 25}, mediation, "fever"
    ),
    Graph(
        "Arrowhead", {"severe": 40, "doctor": 25, "stubborn": 30, "weak": 50}, arrowhead, "fever"
    ),
)

Fixed = tuple[tuple[str, bool], ...]


def answerer(
    graph: Graph,
) -> Callable[[World, World, str, Fixed | None, World], dict[bool, Fraction]]:
    """How likely each value of a variable is: given what is seen before, what is done (a middle
    variable set to what it is where something else is done), and what is seen after.
    """
    worlds = graph.worlds()

    @cache
    def runs(done: Fixed, other: Fixed | None) -> Sequence[dict[str, bool]]:
        def run(world: World) -> dict[str, bool]:
            changes = dict(done)
            if other is not None and graph.middle is not None:
                changes[graph.middle] = graph.solve(world, dict(other))[graph.middle]
            return graph.run(world, changes)

        return [run(world) for world, _ in worlds]

    def answer(
        seen: World, done: World, of: str, other: Fixed | None = None, after: World | None = None
    ) -> dict[bool, Fraction]:
        odds = {True: 0, False: 0}
        before, under = runs((), None), runs(tuple(done.items()), other)
        for (_, weight), was, would_be in zip(worlds, before, under, strict=True):
            if all(was[name] is value for name, value in seen.items()) and all(
                would_be[name] is value for name, value in (after or {}).items()
            ):
                odds[would_be[of]] += weight
        total = sum(odds.values())
        return {value: Fraction(weight, total) for value, weight in odds.items() if weight}

    return answer


@pytest.mark.parametrize("graph", GRAPHS, ids=lambda graph: graph.model)
def test_every_question_in_words(graph: Graph, tmp_path: Path) -> None:
    written = tmp_path / "questions.jsonl"
    asked = ["--questions", "--rows", "2000", "--format", "jsonl", "--out", str(written)]
    assert main(["sample", str(spec_file("three_rungs")), graph.model, *asked]) == 0
    rungs: set[str] = set()
    texts: list[str] = []
    answer = answerer(graph)
    for line in written.read_text(encoding="utf-8").splitlines():
        question = json.loads(line)
        rungs.add(question["rung"])
        texts.append(question["question"])
        seen, done = (
            {name: value == "true" for name, value in question[part].items()}
            for part in ("observed", "done")
        )
        (of,) = question["asks"]
        found = {
            other["values"][of]: Fraction(other["probability"]) for other in question["answers"]
        }
        right = {str(v).lower(): odds for v, odds in answer(seen, done, of, None, {}).items()}
        assert found == right, question
        assert Fraction(question["probability"]) == right.get(question["answer"], 0)
        assert "=" not in question["question"]
    assert rungs == set(Rung)
    assert len(set(texts)) == len(texts) > 100


def some_query(
    graph: Graph, model: CausalModel, worlds: Sequence[World], chance: random.Random
) -> tuple[Query, str, Fixed | None]:
    """A query whose evidence some world gives, what it is about, and how the middle is set."""

    def some(names: Sequence[str], most: int, world: World) -> dict[str, bool]:
        chosen = chance.sample(names, chance.randint(0, most))
        return {name: world[name] for name in names if name in chosen}

    names = list(model.by_name)
    world = chance.choice(worlds)
    seen = some(names, 4, graph.solve(world, {}))
    settable = [name for name in names if name in ("severe", "treated", "fever", "recovers")]
    done = {name: chance.random() < 0.5 for name in some(settable, 2, graph.solve(world, {}))}
    other: Fixed | None = None
    if graph.middle is not None and chance.random() < 0.4:  # natural direct and indirect effects
        done = {"treated": chance.random() < 0.5}
        other = (("treated", not done["treated"]),)
    nested = {} if other is None or graph.middle is None else {graph.middle: dict(other)}
    changes = dict(done)
    if other is not None and graph.middle is not None:
        changes[graph.middle] = graph.solve(world, dict(other))[graph.middle]
    found = some(names, 2, graph.run(world, changes)) if chance.random() < 0.3 else {}
    return Query(model, seen, done, nested, found), chance.choice(names), other


def test_answers_to_many_queries() -> None:
    specification, chance = loaded(spec_file("three_rungs")), random.Random(0)
    models = [specification.models[graph.model] for graph in GRAPHS]
    known = [Answers(model) for model in models]
    ours = [answerer(graph) for graph in GRAPHS]
    worlds = [[world for world, _ in graph.worlds()] for graph in GRAPHS]
    asked: set[tuple[object, ...]] = set()
    rungs: set[Rung] = set()
    effects = 0
    while len(asked) < QUERIES:
        which = chance.randrange(len(GRAPHS))
        query, of, other = some_query(GRAPHS[which], models[which], worlds[which], chance)
        parts = (query.observed, query.done, query.found)
        key = (which, of, other, *(tuple(part.items()) for part in parts))
        if key in asked:
            continue
        asked.add(key)
        rungs.add(query.rung)
        effects += other is not None
        outcomes = known[which].outcomes(query, [of])
        found = {bool(outcome.values[of]): outcome.probability for outcome in outcomes}
        assert found == ours[which](query.observed, query.done, of, other, query.found), key
    assert rungs == set(Rung)
    assert effects > QUERIES / 10


def test_natural_effects_add_up() -> None:
    """Pearl, "Direct and indirect effects" (2001): the total effect is the natural direct one less
    the natural indirect one of the opposite change.
    """
    for graph in GRAPHS[1:]:
        model = loaded(spec_file("three_rungs")).models[graph.model]
        known, answer = Answers(model), answerer(graph)

        def well(
            treated: bool, fever_of: bool, known: Answers = known, model: CausalModel = model
        ) -> Fraction:
            nested = {"fever": {"treated": int(fever_of)}}
            return known.expectation(
                Query(model, {}, {"treated": int(treated)}, nested), "recovers"
            )

        total = well(True, True) - well(False, False)
        direct = well(True, False) - well(False, False)
        reverse_indirect = well(True, False) - well(True, True)
        assert total == direct - reverse_indirect
        assert direct and reverse_indirect
        for treated, fever_of in product((True, False), repeat=2):
            odds = answer({}, {"treated": treated}, "recovers", (("treated", fever_of),), {})
            assert well(treated, fever_of) == odds[True]
