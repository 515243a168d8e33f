"""The table of components: a new one is a file and a row here, or a package's row."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from causalspec.compiler import full_vocabulary
from causalspec.dsl.diagnostics import suggestion
from causalspec.runtime.extensions import given_by
from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.attention_output import AttentionOutput
from causalspec.runtime.sites.component import Component, SiteError
from causalspec.runtime.sites.embedding import Embedding
from causalspec.runtime.sites.head import Head
from causalspec.runtime.sites.hidden import Hidden
from causalspec.runtime.sites.key import Key
from causalspec.runtime.sites.mlp_activation import MlpActivation
from causalspec.runtime.sites.mlp_output import MlpOutput
from causalspec.runtime.sites.module_path import ModulePath
from causalspec.runtime.sites.neuron import Neuron
from causalspec.runtime.sites.query import Query
from causalspec.runtime.sites.residual import Residual
from causalspec.runtime.sites.site import Site
from causalspec.runtime.sites.tap import Tap
from causalspec.runtime.sites.value import Value

_ALL: tuple[Component, ...] = (
    Embedding(),
    Residual(),
    AttentionOutput(),
    MlpOutput(),
    MlpActivation(),
    Head(),
    Query(),
    Key(),
    Value(),
    Neuron(),
    Hidden(),
    ModulePath(),
)
COMPONENTS: Mapping[str, Component] = MappingProxyType(
    {component.name: component for component in _ALL}
)


def tap_of(network: Network, site: Site) -> Tap:
    """Where a site is in a network.

    Raises `SiteError` where the network has no such component, layer, unit or module.
    """
    return component_of(site.component).tap(network, site.layer, site.unit, site.path)


def component_of(name: str) -> Component:
    """A component of ours, or of an installed package.

    Raises:
        SiteError: there is none of this name.
        ToolFailure: a package's component cannot be had.
    """
    if name in COMPONENTS:
        return COMPONENTS[name]
    known = full_vocabulary().sites
    if name not in known:
        raise SiteError(f"there is no site `{name}`", suggestion(name, known))
    return given_by(known[name], Component)


def available_sites(network: Network) -> tuple[str, ...]:
    """The components that a network has, at some layer at least."""
    return tuple(name for name, component in COMPONENTS.items() if component.places(network))
