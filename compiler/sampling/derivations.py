"""Why a query has its answer, step by step, in the words of the spec."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from causalspec.compiler.evaluators.columns import Columns, setting_at
from causalspec.compiler.expressions import All, Distinct, conjuncts
from causalspec.compiler.model import CausalModel, Variable
from causalspec.compiler.sampling.answers import Answers, intervention_of
from causalspec.compiler.sampling.rungs import Query, predict
from causalspec.compiler.sampling.worlds import Worlds, worlds
from causalspec.compiler.views.plain_text import condition_text, mechanism_text
from causalspec.compiler.views.reasons import Run, reasons
from causalspec.compiler.wording import all_of, assigned, setting_text

MOST_WORLDS_TOLD = 8
"""So many worlds are spelled out; the rest are counted."""


def model_in_words(model: CausalModel) -> Iterator[str]:
    """A line for every variable: how it is distributed, or what it is computed as."""
    for variable in model.variables:
        if variable.mechanism is None:
            yield f"{variable.name} {distribution_text(variable)}"
        else:
            yield f"{variable.name} = {mechanism_text(model, variable.name)}"
    for names in model.distinct:
        yield f"no two of {all_of(names)} are the same"
    others = [part for part in conjuncts(model.requirement) if not isinstance(part, Distinct)]
    if others:
        yield f"only inputs with {condition_text(model, All(tuple(others)))}"


def distribution_text(variable: Variable) -> str:
    """`is true with probability 1/20, else false`."""
    domain, weights = variable.domain, variable.weights
    if weights is None:
        first, last = (domain.text(code) for code in (domain.codes()[0], domain.codes()[-1]))
        if domain.size > MOST_WORLDS_TOLD:
            return f"is any of {domain.size:,} values, {first} to {last}, with equal probability"
        listed = " or ".join(domain.text(code) for code in domain.codes())
        return f"is {listed} with equal probability" if domain.size > 1 else f"is {first}"
    total = sum(weights)
    likely = [(c, Fraction(w, total)) for c, w in zip(domain.codes(), weights, strict=True) if w]
    if len(likely) > MOST_WORLDS_TOLD:
        return f"is one of {len(likely):,} values, by its weights"
    listed = ", ".join(f"{domain.text(code)} with probability {share}" for code, share in likely)
    return f"is {listed}"


def derivation(
    query: Query,
    abduced: Worlds,
    of: str,
    known: Answers | None = None,
    solved: Columns | None = None,
) -> Iterator[str]:
    """The steps from a query to the probabilities of a variable's values. What is `known` of the
    model already is not computed again, nor what is so in the worlds (`solved`).
    """
    known = Answers(query.model) if known is None else known
    model = query.model
    if query.observed:
        yield from _abduction(query, abduced, known.before(query))
    for name, code in query.done.items():
        computed = model.by_name[name].mechanism is not None
        left_out = f", instead of {mechanism_text(model, name)}" if computed else ""
        yield f"Action: {assigned(model, name, code)}{left_out}."
    for name, done in query.nested.items():
        computed = mechanism_text(model, name)
        where = setting_text(model, done, done)
        yield f"Action: {name} is what it is where {where}, instead of {computed}."
    for name, policy in policy_texts(query).items():
        computed = model.by_name[name].mechanism is not None
        left_out = f", instead of {mechanism_text(model, name)}" if computed else ""
        yield f"Action: {name} = {policy}{left_out}."
    yield from _prediction(query, abduced, of, known, solved)


def policy_texts(query: Query) -> dict[str, str]:
    """What each variable with a policy is computed as."""
    return {name: mechanism_text(query.acting, name) for name in query.policies}


def _abduction(query: Query, abduced: Worlds, before: int | None) -> Iterator[str]:
    model = query.model
    free = [name for name in model.exogenous if name not in query.observed]
    evidence = setting_text(model, query.observed, query.observed)
    fixed = {name: code for name, code in query.observed.items() if name in model.exogenous}
    if not free:
        yield f"Abduction: {evidence} leaves nothing open."
        return
    before = len(worlds(model, fixed)) if before is None else before
    agree = "agrees" if len(abduced) == 1 else "agree"
    every = "both settings" if before == 2 else f"all {before:,} settings"
    many = every if len(abduced) == before else f"of the {before:,} settings"
    some = "" if len(abduced) == before else f", {len(abduced):,}"
    yield (
        f"Abduction: {many} of {all_of(free)}{some} {agree} with {evidence}: "
        f"{_told(query, abduced, free)}."
    )


def _told(query: Query, abduced: Worlds, free: Sequence[str]) -> str:
    parts = [
        f"{setting_text(query.model, _world(abduced, row), free)} with probability {share}"
        for row, share in _likeliest(abduced)
    ]
    if len(abduced) == 1:
        return setting_text(query.model, _world(abduced, 0), free)
    more = len(abduced) - len(parts)
    return "; ".join([*parts, f"and {more:,} more"] if more else parts)


def _prediction(
    query: Query, abduced: Worlds, of: str, known: Answers, solved: Columns | None
) -> Iterator[str]:
    model = query.acting
    needed = model.ancestors([of], query.done)
    read = [name for name in model.exogenous if name in needed and name not in query.done]
    intervention = intervention_of(query)
    solved = predict(query, abduced) if solved is None else solved
    told: dict[tuple[int, ...], Fraction] = {}
    rows: dict[tuple[int, ...], int] = {}
    for row, share in enumerate(abduced.probabilities()):
        key = tuple(int(solved[name][row]) for name in read)
        told[key] = told.get(key, Fraction(0)) + share
        rows.setdefault(key, row)
    likely = sorted(told.items(), key=lambda told_share: (-told_share[1], told_share[0]))
    for key, share in likely[:MOST_WORLDS_TOLD]:
        row = rows[key]
        given = ", ".join(assigned(model, n, c) for n, c in zip(read, key, strict=True))
        told_of = (of, key, intervention)
        if told_of not in known.steps:
            values = setting_at(solved, row)
            run = Run("", model, values, dict.fromkeys((*query.done, *query.nested)))
            known.steps[told_of] = _steps(run, of) or assigned(model, of, values.get(of))
        chance = "" if share == 1 else f" (probability {share})"
        start = f"with {given}{chance}: " if given else ""
        yield f"Prediction: {start}{known.steps[told_of]}."
    if len(likely) > MOST_WORLDS_TOLD:
        yield f"Prediction: and so for {len(likely) - MOST_WORLDS_TOLD:,} more."


def _steps(run: Run, of: str) -> str:
    """What decides a variable in a world, causes before effects."""
    found = {reason.variable: reason.claim for reason in reasons(run, [of])}
    return "; ".join(found[name] for name in run.model.by_name if name in found)


def _world(abduced: Worlds, row: int) -> dict[str, int]:
    return {name: int(column[row]) for name, column in abduced.columns.items()}


def _likeliest(abduced: Worlds) -> list[tuple[int, Fraction]]:
    shares = sorted(
        enumerate(abduced.probabilities()), key=lambda row_share: (-row_share[1], row_share[0])
    )
    return shares[:MOST_WORLDS_TOLD]
