"""The sites that an alignment offers, checked against the network that is there."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from causalspec.compiler import (
    WRITES,
    Alignment,
    Claim,
    Method,
    MethodEntry,
    PlacedSite,
    Placement,
    Write,
    full_vocabulary,
)
from causalspec.dsl.diagnostics import Diagnostic, SpecError
from causalspec.runtime.engine.edges import place_of
from causalspec.runtime.fitting.placed_maps import PlacedVariable
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.inputs.token_places import TokenChoice
from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.component import SiteError
from causalspec.runtime.sites.components import available_sites, tap_of
from causalspec.runtime.sites.site import Site

TokenNames = Mapping[TokenChoice, tuple[str, ...]]

MOST_COMBINATIONS = 64
"""So many combinations of sites are all tried; of more, one placement's after the other's."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The sites at which the variables of one statement may lie, all of them at the same.

    `sites` have no token yet where `choice` offers some: each stands for one site a token.
    """

    placements: tuple[Placement, ...]
    sites: tuple[Site, ...]
    choice: TokenChoice | None

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that share a site."""
        return tuple(placement.variable for placement in self.placements)

    def sites_with(self, names: TokenNames) -> tuple[Site, ...]:
        """Every site, in the order of layers, units and tokens."""
        if self.choice is None:
            return self.sites
        return tuple(_with_token(site, name) for site in self.sites for name in names[self.choice])


@dataclass(frozen=True, slots=True)
class Candidates:
    """Where a claim's variables may lie: any combination of a site for each offer."""

    variables: tuple[str, ...]
    offers: tuple[Offer, ...]

    @property
    def placements(self) -> tuple[Placement, ...]:
        """Every variable's placement, in the order of the variables."""
        found = {
            placement.variable: placement for offer in self.offers for placement in offer.placements
        }
        return tuple(found[name] for name in self.variables)

    @property
    def methods(self) -> tuple[Method, ...]:
        """Every variable's method, in the order of the variables."""
        return tuple(placement.method for placement in self.placements)

    @property
    def writes(self) -> tuple[Write | None, ...]:
        """What is written for each variable, in the order of the variables."""
        return tuple(placement.write for placement in self.placements)

    @property
    def written_values(self) -> dict[str, int]:
        """The code of each variable whose place a value of its own is written in."""
        return {
            placement.variable: write.values[0]
            for placement in self.placements
            for write in [placement.write]
            if write is not None and WRITES[write.name].has_label and write.values
        }

    @property
    def choices(self) -> tuple[TokenChoice, ...]:
        """The tokens that are offered."""
        return tuple(
            dict.fromkeys(offer.choice for offer in self.offers if offer.choice is not None)
        )

    @property
    def is_trained(self) -> bool:
        """Whether some method is fitted by gradient descent."""
        return any(_entry(method).trained for method in self.methods)

    @property
    def needs_train(self) -> bool:
        """Whether a method, or what is written, is made from training inputs."""
        return self.writes_from_train or any(_entry(method).reads_train for method in self.methods)

    @property
    def writes_from_train(self) -> bool:
        """Whether what is written is made from training inputs."""
        return any(write is not None and write.values for write in self.writes)

    @property
    def is_single(self) -> bool:
        """Whether there is one combination of sites, before tokens are known."""
        return all(
            len(offer.sites) == 1 and (offer.choice is None or offer.choice.is_single)
            for offer in self.offers
        )

    @property
    def fitting_splits(self) -> tuple[str, ...]:
        """The splits of the data that fitting and choosing need."""
        return ("train", "validation") if self.needs_train else ("validation",)

    def combinations(self, names: TokenNames) -> list[tuple[Site, ...]]:
        """Every combination of a site for each offer; variables of different methods are never
        placed at one site.
        """
        found = product(*(offer.sites_with(names) for offer in self.offers))
        return [combination for combination in found if self._is_possible(combination)]

    def count(self, names: TokenNames) -> int:
        """How many combinations there are at most."""
        return math.prod(len(offer.sites_with(names)) for offer in self.offers)

    def _is_possible(self, combination: Sequence[Site]) -> bool:
        kinds: dict[Site, str] = {}
        for site, offer in zip(combination, self.offers, strict=True):
            for placement in offer.placements:
                method = placement.method.name
                if kinds.setdefault(site, method) != method:
                    return False
        return True

    def placed(self, combination: Sequence[Site]) -> tuple[PlacedVariable, ...]:
        """Every variable at its site, in the order of the variables."""
        where = {
            placement.variable: PlacedVariable(site, placement.method)
            for site, offer in zip(combination, self.offers, strict=True)
            for placement in offer.placements
        }
        return tuple(where[name] for name in self.variables)

    def with_method(self, name: str, dimensions: Mapping[str, int] | None = None) -> Candidates:
        """The same with another method for every variable, of as many dimensions as given."""

        def placed(placement: Placement) -> Placement:
            size = () if dimensions is None else (("dim", dimensions[placement.variable]),)
            return replace(placement, method=Method(name, size))

        return self._each(placed)

    def from_means(self) -> Candidates:
        """The same with rotations that start where the means of values differ."""

        def placed(placement: Placement) -> Placement:
            method = placement.method
            if method.name != "das" or method.argument("start") is not None:
                return placement
            start = ("start", Method("mean_difference"))
            return replace(placement, method=Method("das", (*method.arguments, start)))

        return self._each(placed)

    def _each(self, placed: Callable[[Placement], Placement]) -> Candidates:
        offers = [
            replace(offer, placements=tuple(map(placed, offer.placements))) for offer in self.offers
        ]
        return replace(self, offers=tuple(offers))


def _entry(method: Method) -> MethodEntry:
    return full_vocabulary().methods[method.name]


def candidates(
    network: TaskNetwork, alignment: Alignment, variables: Sequence[str], claim: Claim
) -> Candidates:
    """What `alignment` offers for `variables`, in their order.

    Raises:
        SpecError: a variable is not placed, or a layer, component, unit or dimension is not in the
            network.
    """
    statements: dict[int, list[Placement]] = {}
    for variable in variables:
        placement = _placement_of(alignment, variable, claim)
        statements.setdefault(placement.statement, []).append(placement)
    offers = [_offer(network, placements) for placements in statements.values()]
    return Candidates(tuple(variables), tuple(offers))


def _offer(network: TaskNetwork, placements: Sequence[Placement]) -> Offer:
    first = placements[0]
    sites = _sites(network, first, first.site)
    if first.receiver is not None:
        receivers = _sites(network, first, first.receiver)
        sites = [
            replace(sender, receiver=receiver)
            for sender in sites
            for receiver in receivers
            if place_of(sender) < place_of(receiver)
        ]
    for site in (sites[0], sites[-1]):
        _check_width(network.network, replace(site, receiver=None), placements)
    choice = TokenChoice(first.tokens, first.together) if first.tokens else None
    return Offer(tuple(placements), tuple(sites), choice)


def _sites(network: TaskNetwork, placement: Placement, placed: PlacedSite) -> list[Site]:
    """Every layer with every unit, without tokens; all are checked against the network."""
    layers: Sequence[int | None] = [None]
    if placed.first_layer is not None:
        # A component that the network lacks altogether is told before layers that it lacks.
        is_there = placed.component in available_sites(network.network)
        layers = _layers(network, placement, placed) if is_there else [placed.first_layer]
    units: Sequence[int | None] = [None] if placed.units is None else placed.units
    sites = [
        Site(placed.component, layer, unit=unit, path=placed.path or "")
        for layer in layers
        for unit in units
    ]
    for site in sites:
        try:
            tap_of(network.network, site)
        except SiteError as error:
            raise _error("CS723", str(error), placement, error.help or "") from error
    return sites


def _layers(network: TaskNetwork, placement: Placement, placed: PlacedSite) -> list[int]:
    lowest, highest = network.layers[0], network.layers[-1]
    first = (
        max(placed.first_layer or 0, lowest) if placed.last_layer is None else placed.first_layer
    )
    last = highest if placed.last_layer is None else placed.last_layer
    assert first is not None
    for layer in placed.layer_set or (first, last):
        if layer not in network.layers:
            raise _error(
                "CS724",
                f"the network has no layer {layer}",
                placement,
                f"`{network.name}` has layers {lowest}..{highest}",
            )
    return list(placed.layer_set or range(first, last + 1))


def _check_width(network: Network, site: Site, placements: Sequence[Placement]) -> None:
    wanted = sum(placement.method.dimension or 0 for placement in placements)
    width = tap_of(network, site).width
    if wanted > width:
        raise _error(
            "CS722",
            f"{wanted} dimensions do not fit into a vector of {width} numbers",
            placements[0],
            f"{site} has {width}: take fewer dimensions",
        )


def _with_token(site: Site, token: str) -> Site:
    receiver = site.receiver and replace(site.receiver, token=token)
    return replace(site, token=token, receiver=receiver)


def _placement_of(alignment: Alignment, variable: str, claim: Claim) -> Placement:
    for placement in alignment.placements:
        if placement.variable == variable:
            return placement
    span = claim.span or alignment.span
    message = f"`{alignment.name}` says nothing of `{variable}`, which the data swaps"
    raise SpecError([Diagnostic("CS721", message, span, f"add `var {variable} at …`")])


def _error(code: str, message: str, placement: Placement, help: str) -> SpecError:
    return SpecError([Diagnostic(code, message, placement.span, help)])
