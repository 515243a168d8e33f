"""The sites that an alignment offers, checked against the network that is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from causalspec.compiler.specification import (
    Alignment,
    Claim,
    Method,
    Placement,
    TokenPosition,
    TokenRange,
)
from causalspec.dsl.diagnostics import Diagnostic, SpecError
from causalspec.runtime.engine.subjects import Site as HarvestedSite
from causalspec.runtime.inputs.task_network import Presentation, TaskNetwork
from causalspec.runtime.maps.site_maps import PlacedVariable
from causalspec.runtime.results.records import Site


@dataclass(frozen=True, slots=True)
class Candidates:
    """Where a claim's variables may live: every one of `layers` with every token column.

    All variables are tried at one site together, each with its own `methods` entry.
    """

    site: str
    layers: tuple[int, ...]
    tokens: tuple[TokenPosition | TokenRange, ...]
    methods: tuple[Method, ...]

    @property
    def is_trained(self) -> bool:
        return any(method.name != "full_vector" for method in self.methods)

    @property
    def fitting_splits(self) -> tuple[str, ...]:
        """The splits of the data that fitting and choosing need."""
        return ("train", "validation") if self.is_trained else ("validation",)

    def placed(self, site: HarvestedSite) -> tuple[PlacedVariable, ...]:
        """Every variable at one site, in order."""
        return tuple(PlacedVariable(site, method) for method in self.methods)


def candidates(
    network: TaskNetwork, alignment: Alignment, variables: Sequence[str], claim: Claim
) -> Candidates:
    """What `alignment` offers for `variables`, in their order.

    Raises:
        SpecError: a variable is not placed, a layer or kind of site is not in the network, or
            variables that one claim swaps are not offered the same sites.
    """
    placements = [_placement_of(alignment, variable, claim) for variable in variables]
    first = placements[0]
    for one in placements:
        _check_site(network, one)
        if (one.site, one.tokens) != (first.site, first.tokens):
            raise _error(
                "CS720",
                f"`{first.variable}` and `{one.variable}` are placed at different sites",
                one,
                "variables of one claim are fitted at the same site: give both the same layers "
                "and tokens",
            )
    lowest = first.site.first_layer or 0
    last = first.site.last_layer if first.site.last_layer is not None else network.layers[-1]
    layers = tuple(range(lowest, last + 1))
    methods = tuple(one.method for one in placements)
    return Candidates(first.site.component, layers, first.tokens, methods)


def readable(site: HarvestedSite, presentation: Presentation, kind: str) -> Site:
    """A site as results name it."""
    token = presentation.tokens[site.column]
    return Site(kind, site.layer, token.text if token is not None else "")


def _placement_of(alignment: Alignment, variable: str, claim: Claim) -> Placement:
    for one in alignment.placements:
        if one.variable == variable:
            return one
    span = claim.span or alignment.span
    message = f"`{alignment.name}` says nothing of `{variable}`, which the data swaps"
    raise SpecError([Diagnostic("CS721", message, span, f"add `var {variable} at …`")])


def _check_site(network: TaskNetwork, placement: Placement) -> None:
    place = placement.site.place
    if place != network.site or placement.receiver or placement.together or placement.write:
        raise _error(
            "CS723",
            f"the network has no site `{place}`",
            placement,
            f"`{network.name}` has `{network.site}`",
        )
    lowest, highest = network.layers[0], network.layers[-1]
    for layer in (placement.site.first_layer, placement.site.last_layer):
        if layer is not None and layer not in network.layers:
            raise _error(
                "CS724",
                f"the network has no layer {layer}",
                placement,
                f"`{network.name}` has layers {lowest}..{highest}",
            )


def _error(code: str, message: str, placement: Placement, help: str) -> SpecError:
    return SpecError([Diagnostic(code, message, placement.span, help)])
