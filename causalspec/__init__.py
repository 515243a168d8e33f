"""causalspec: state a hypothesis about how a network computes something, and have it checked.

The names below are the public Python API; each is imported when it is first used, so that
`import causalspec` costs nothing and validating a spec never loads torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_HOMES = {
    "load_specification": "causalspec.compiler.compile",
    "generate": "causalspec.compiler.data.counterfactuals",
    "numpy_columns": "causalspec.compiler.data.forms.in_python",
    "hugging_face_dataset": "causalspec.compiler.data.forms.in_python",
    "InterchangeBatches": "causalspec.runtime.interop.torch_data",
    "counterfactual_dataset": "causalspec.runtime.interop.pyvene_data",
    "load_network": "causalspec.runtime.networks.network",
    "to_pyvene": "causalspec.runtime.interop.pyvene_models",
    "verify": "causalspec.runtime.scoring.verify",
    "SpecError": "causalspec.dsl.diagnostics",
    "InternalError": "causalspec.dsl.diagnostics",
}

if TYPE_CHECKING:
    from causalspec.compiler.compile import load_specification as load_specification
    from causalspec.compiler.data.counterfactuals import generate as generate
    from causalspec.compiler.data.forms.in_python import (
        hugging_face_dataset as hugging_face_dataset,
    )
    from causalspec.compiler.data.forms.in_python import numpy_columns as numpy_columns
    from causalspec.dsl.diagnostics import InternalError as InternalError
    from causalspec.dsl.diagnostics import SpecError as SpecError
    from causalspec.runtime.interop.pyvene_data import (
        counterfactual_dataset as counterfactual_dataset,
    )
    from causalspec.runtime.interop.pyvene_models import to_pyvene as to_pyvene
    from causalspec.runtime.interop.torch_data import InterchangeBatches as InterchangeBatches
    from causalspec.runtime.networks.network import load_network as load_network
    from causalspec.runtime.scoring.verify import verify as verify


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
