"""Scores of what one feature says of a variable: whether a claim gives them a meaning."""

from __future__ import annotations

from collections.abc import Collection

from causalspec.compiler.domains import Truths
from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import Compilation, quoted
from causalspec.compiler.placement import Alignment, Placement
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related

_AS_MANY_AS_VALUES = ("mean_difference", "probe", "lda", "kmeans")
"""Methods that find one direction less than a variable has values: one of a boolean."""


def reads_one_feature(
    compilation: Compilation,
    written: syntax.Name | syntax.Call,
    name: syntax.Name,
    draft: ModelDraft | None,
    swapped: Collection[str],
    alignment: Alignment | None,
) -> bool:
    """Whether the claim swaps one boolean variable, read off one number; else it is reported."""
    if isinstance(written, syntax.Call):
        compilation.error(
            "CS767",
            f"`{name.text}` is of what the claim's own map reads, and of nothing else",
            written.span,
            help=f"write `{name.text}`: a feature that says nothing has an `auroc` of 0.5",
        )
        return False
    if draft is None or alignment is None or not swapped:
        return True
    if len(swapped) > 1:
        message = f"`{name.text}` is of one variable, and the data swaps {quoted(sorted(swapped))}"
        advice = "make a claim of each on data that swaps it alone"
        compilation.error("CS765", message, name.span, help=advice)
        return False
    [variable] = swapped
    if not isinstance(draft.model.by_name[variable].domain, Truths):
        compilation.error(
            "CS765",
            f"`{name.text}` asks where `{variable}` is true, and it is not boolean",
            name.span,
            help="let a variable say which of its values is meant, as in `var is_first = a == 1`",
        )
        return False
    for placement in alignment.placements:
        if placement.variable == variable and not _is_one_number(placement):
            compilation.error(
                "CS766",
                f"`{name.text}` needs one number, and `{variable}` is placed at more",
                name.span,
                help="place it at `neuron[5]`, or by a method of one dimension: `das(dim = 1)`",
                related=(Related(placement.span, "placed here"),),
            )
            return False
    return True


def _is_one_number(placement: Placement) -> bool:
    """Whether the variable's share at a site is one number, whatever a fit comes to."""
    method = placement.method
    if placement.receiver is not None or method.name in ("mask", "boundless_das"):
        return False  # an edge has no vector of its own; how much is owned is learned
    if method.name == "full_vector":
        return placement.site.component == "neuron"
    if method.name == "dictionary":
        features = method.argument("features")
        return isinstance(features, tuple) and len(features) == 1
    return method.dimension == 1 or method.name in _AS_MANY_AS_VALUES
