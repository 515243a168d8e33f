"""Questions in words: in those that the model has for its variables' values, else as formulas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

import numpy as np

from causalspec.compiler.data.prompts import render
from causalspec.compiler.model import CausalModel, Variable
from causalspec.compiler.sampling.derivations import MOST_WORLDS_TOLD, policy_texts
from causalspec.compiler.sampling.rungs import Outcome, Query, Rung
from causalspec.compiler.specification import PromptTemplate
from causalspec.compiler.wording import all_of, assigned, setting_text

QuestionTexts = Mapping[str, PromptTemplate]
"""What a model says of its variables."""


class Phrases:
    """What a model's questions say of its variables."""

    def __init__(self, model: CausalModel, texts: QuestionTexts) -> None:
        self._model = model
        self._texts = texts
        self._told: dict[tuple[str, int], str] = {}

    def clause(self, name: str, code: int) -> str:
        """`the illness is mild`."""
        if (name, code) not in self._told:
            variable = self._model.by_name[name]
            alone = Variable(name, variable.role, variable.domain)
            own = CausalModel("text", self._model.task, (alone,))
            texts = render(self._texts[name], own, {name: np.array([code])}).texts
            self._told[name, code] = texts[0]
        return self._told[name, code]

    def cover(self, query: Query, of: str) -> bool:
        """Whether a question can be asked in these words alone."""
        named = {of, *query.observed, *query.done}
        return not query.policies and not query.nested and named <= self._texts.keys()

    def legend(self) -> Iterator[str]:
        """What the values of variables are called in questions."""
        for name in self._model.by_name:
            codes = self._model.by_name[name].domain.codes()
            if name in self._texts and len(codes) <= MOST_WORLDS_TOLD:
                for code in codes:
                    yield f"{assigned(self._model, name, code)}: {self.clause(name, code)}"
            elif name in self._texts:
                first = self.clause(name, codes[0])
                yield f"{assigned(self._model, name, codes[0])}: {first}, and so on"

    def question(self, query: Query, of: str, asked: int) -> str:
        """How probable a value is, in words."""
        seen, done = self._all(query.observed), self._all(query.done)
        said = self.clause(of, asked)
        if query.rung is Rung.COUNTERFACTUAL:
            return (
                f"We know that {seen}. Suppose someone had seen to it that {done}, all else being "
                f"as it was. What is the probability that then {said}?"
            )
        start = f"Suppose someone sees to it that {done}. " if query.done else ""
        given = f"Given that {seen}, what" if seen else "What"
        return f"{start}{given} is the probability that {said}?"

    def _all(self, setting: Mapping[str, int]) -> str:
        clauses = [self.clause(name, code) for name, code in setting.items()]
        return all_of(clauses) if clauses else ""

    def conclusion(self, of: str, asked: Outcome) -> str:
        """What the answer is."""
        said = self.clause(of, asked.values[of])
        return f"So the probability that {said} is {asked.probability}."


def formula_question(query: Query, of: str) -> str:
    """What a variable is, with the names of the spec."""
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


def formula_conclusion(model: CausalModel, of: str, answers: tuple[Outcome, ...]) -> str:
    """What a variable is, how probably."""
    if len(answers) == 1:
        return f"So {assigned(model, of, answers[0].values.get(of))}, for certain."
    parts = [f"{assigned(model, of, answer.values.get(of))} with probability {answer.probability}"
             for answer in answers[:8]]  # fmt: skip
    rest = sum((answer.probability for answer in answers[8:]), Fraction(0))
    return f"So {', '.join([*parts, f'something else with {rest}'] if rest else parts)}."
