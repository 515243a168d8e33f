"""`module "path"`: the output of any module of the network."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from torch import nn

from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.component import SiteError, check_place
from causalspec.runtime.sites.tap import Layout, Side, Tap

_NEAR = 5


class ModulePath:
    """What a module hands on, found by the path that PyTorch gives it (`named_modules`).

    An edit enters the block in whose subtree the module lies (the next one, if it is the block
    itself), and 0 where it lies in none.
    """

    name = "module"

    def places(self, network: Network) -> tuple[int | None, ...]:
        return (None,)

    def units(self, network: Network) -> int | None:
        return None

    def tap(self, network: Network, layer: int | None, unit: int | None, path: str) -> Tap:
        check_place(self, network, layer)
        modules = _modules(network.model)
        if path not in modules:
            raise SiteError(f"`{network.name}` has no module `{path}`", _near(path, modules))
        module = modules[path]
        layout, width = network.shape_after(module)
        block, enters = _around(network, module)
        if not width or (layout is Layout.FLAT and block is None):
            per = "token" if network.kind.reads_tokens else "input"
            raise SiteError(
                f"the module `{path}` of `{network.name}` does not give one vector for each {per}",
                "choose one that runs once, on every row of a batch",
            )
        return Tap(module, Side.OUTPUT, None, width, enters, layout, block)


def _modules(model: nn.Module) -> dict[str, nn.Module]:
    untyped: Any = model
    return {path: module for path, module in untyped.named_modules() if path}


def _near(path: str, modules: dict[str, nn.Module]) -> str:
    near = get_close_matches(path, modules, n=_NEAR, cutoff=0.5)
    if not near:  # the first step that leads nowhere, and where one could go instead
        known = path
        while known and known not in modules:
            known = known.rpartition(".")[0]
        prefix = f"{known}." if known else ""
        steps = (name.removeprefix(prefix) for name in modules if name.startswith(prefix))
        near = [f"{prefix}{step}" for step in steps if "." not in step][:_NEAR]
    return f"near it are {', '.join(f'`{path}`' for path in near)}"


def _around(network: Network, module: nn.Module) -> tuple[nn.Module | None, int]:
    """The block in whose subtree a module lies, and the block that an edit of it enters."""
    for number, block in enumerate(network.layers):
        if block is module:
            return block, number + 1
        if any(inner is module for inner in block.modules()):
            return block, number
    return None, 0
