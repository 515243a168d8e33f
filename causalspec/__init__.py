"""causalspec: state a hypothesis about how a network computes something, and have it checked.

The names below are the public Python API; each is imported when it is first used, so that
`import causalspec` costs nothing and validating a spec never loads torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_HOMES = {
    "load_specification": "causalspec.compiler",
    "generate": "causalspec.compiler",
    "numpy_columns": "causalspec.compiler",
    "hugging_face_dataset": "causalspec.compiler",
    "InterchangeBatches": "causalspec.runtime",
    "counterfactual_dataset": "causalspec.runtime",
    "load_network": "causalspec.runtime",
    "to_pyvene": "causalspec.runtime",
    "verify": "causalspec.runtime",
    "SpecError": "causalspec.dsl",
    "InternalError": "causalspec.dsl",
}

if TYPE_CHECKING:
    from causalspec.compiler import generate as generate
    from causalspec.compiler import hugging_face_dataset as hugging_face_dataset
    from causalspec.compiler import load_specification as load_specification
    from causalspec.compiler import numpy_columns as numpy_columns
    from causalspec.dsl.diagnostics import InternalError as InternalError
    from causalspec.dsl.diagnostics import SpecError as SpecError
    from causalspec.runtime import InterchangeBatches as InterchangeBatches
    from causalspec.runtime import counterfactual_dataset as counterfactual_dataset
    from causalspec.runtime import load_network as load_network
    from causalspec.runtime import to_pyvene as to_pyvene
    from causalspec.runtime import verify as verify


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
