"""Is there an input that makes an expression true? Any one, or the smallest.

*Smaller* is a setting with fewer inputs away from the first value of their domains; of settings
with as many, the one whose values stand earlier in their domains, all their places added up; of
those, the first in lexicographic order of the inputs. Values that are never drawn don't count. So
a witness shows what it takes for the expression to be true, and nothing besides.
"""

from __future__ import annotations

from causalspec.compiler.evidence import NoWitness, Witness
from causalspec.compiler.expressions import Expression
from causalspec.compiler.model import CausalModel
from causalspec.compiler.proofs.existence import Question
from causalspec.compiler.proofs.smallest import smallest


def find_witness(model: CausalModel, condition: Expression) -> Witness | NoWitness:
    """An admissible setting of inputs and noise in which the condition is true, or none.

    The condition may read any variable of the model, which must be acyclic.
    """
    return Question(model, condition).answer()


def smallest_witness(model: CausalModel, condition: Expression) -> Witness | NoWitness:
    """The smallest such setting. Where neither enumeration nor the solver can tell within their
    limits, the smallest found, of which no value can be moved nearer to its domain's first.
    """
    question = Question(model, condition)
    found = question.answer()
    if isinstance(found, NoWitness):
        return found
    return question.replayed(smallest(question, found.setting))
