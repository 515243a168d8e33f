"""Maps of an earlier run, scored as they are: nothing is fitted, no site is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import safetensors
import safetensors.torch
from torch import Tensor

from causalspec.compiler import InterchangePairs
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.fitting.candidates import Candidates, TokenNames
from causalspec.runtime.fitting.fit_store import FitStore, ScoredFit
from causalspec.runtime.fitting.placed_maps import PlacedMap, PlacedMaps
from causalspec.runtime.fitting.search import Combination, Entry
from causalspec.runtime.fitting.splits import Splits
from causalspec.runtime.fitting.sweep import Sweep
from causalspec.runtime.inputs.experiment import (
    Experiment,
    Harvester,
    PreparedSplits,
    present_splits,
)
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.maps import build_map
from causalspec.runtime.networks.network import Network
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.results.files import RESULT, maps_file, read_results, recorded_file
from causalspec.runtime.results.records import FittedMap, Verification
from causalspec.runtime.sites.components import tap_of
from causalspec.runtime.sites.site import Site

_WHICH = "name a results folder that `causalspec verify` wrote"


@dataclass(frozen=True, eq=False)
class EarlierMaps:
    """The maps that a claim's verdict rested on in an earlier run.

    `placed` are the sites with their variables, in the order of the maps in `state`; `files` what
    was read, with its SHA-256. `network` is the one that they were fitted to.
    """

    folder: Path
    claim: str
    network: str
    placed: tuple[FittedMap, ...]
    state: Mapping[str, Tensor] = field(repr=False)
    files: tuple[tuple[str, str], ...]

    @property
    def named(self) -> str:
        """As messages speak of them."""
        return f"the maps of `{self.claim}` in `{self.folder}`"

    @property
    def site_of(self) -> dict[str, Site]:
        """Where each variable is."""
        return {name: fitted.site for fitted in self.placed for name in fitted.variables}

    @property
    def method_of(self) -> dict[str, str]:
        """How each variable was placed."""
        return {
            name: method
            for fitted in self.placed
            for name, method in zip(fitted.variables, fitted.methods, strict=True)
        }


@dataclass(frozen=True, eq=False)
class ReusedMaps:
    """Earlier maps at the sites of a claim's placements, with its test pairs ready to be run."""

    earlier: EarlierMaps
    sites: Combination
    maps: PlacedMaps = field(repr=False)
    harvester: Harvester = field(repr=False)


def earlier_run(folder: Path) -> Verification:
    """What an earlier run found. Raises `ToolFailure` where the folder does not hold results."""
    if not folder.is_dir():
        raise ToolFailure(f"there is no folder `{folder}`", help=_WHICH)
    try:
        recorded_file(folder, RESULT)
        return read_results(folder)
    except ToolFailure as error:
        raise ToolFailure(str(error), help=_WHICH) from error


def earlier_maps(folder: Path, claim: str) -> EarlierMaps:
    """The maps of a claim in the results folder of an earlier run.

    Raises:
        ToolFailure: these are no results, they lack maps of this claim, or a file is damaged.
    """
    run = earlier_run(folder)
    verdict = next((judged for judged in run.verdicts if judged.claim == claim), None)
    if verdict is None or not verdict.fitted:
        had = (
            ", ".join(f"`{judged.claim}`" for judged in run.verdicts if judged.fitted) or "no claim"
        )
        raise ToolFailure(
            f"`{folder}` has no maps of `{claim}`",
            help=f"it has maps of {had}: `--claim` names those to verify",
        )
    if any(len(fitted.methods) != len(fitted.variables) for fitted in verdict.fitted):
        raise ToolFailure(
            f"`{folder}` does not say how the maps of `{claim}` were placed",
            help="an older version wrote it: verify again without `--maps`",
        )
    name = maps_file(claim)
    try:
        content, digest = recorded_file(folder, name)
        state = safetensors.torch.load(content)
    except safetensors.SafetensorError as error:
        raise ToolFailure(f"`{folder / name}` is damaged: {error}", help=_WHICH) from error
    except ToolFailure as error:
        raise ToolFailure(str(error), help=_WHICH) from error
    read = ((name, digest), (RESULT, recorded_file(folder, RESULT)[1]))
    files = tuple((f"{folder.resolve().name}/{file}", digest) for file, digest in read)
    return EarlierMaps(folder, claim, run.manifest.network, verdict.fitted, state, files)


def reused(
    network: TaskNetwork,
    experiment: Experiment,
    offered: Candidates,
    earlier: EarlierMaps,
    pairs: Sequence[InterchangePairs],
) -> ReusedMaps:
    """Earlier maps held to what an alignment offers for a claim, before the network is run on the
    test pairs `pairs`.

    Raises:
        ToolFailure: they are of other variables, methods or dimensions than the placements', at a
            site that is not offered, of another width than the network's, or damaged.
        SpecError: a token position or an answer does not exist for the network's tokenizer.
    """
    _check_methods(offered, earlier)
    harvester = present_splits(
        network, experiment, [pairs], offered.choices, experiment.claim.prompt
    )
    sites = _sites(offered, earlier, harvester.encoded.presentation.token_names)
    return ReusedMaps(earlier, sites, _maps(network.network, offered, earlier), harvester)


def reuse(
    store: FitStore,
    network: TaskNetwork,
    experiment: Experiment,
    offered: Candidates,
    kept: ReusedMaps,
) -> Sweep:
    """What `sweep` would return, had it come to these maps: the test pairs alone are harvested, and
    the training pairs where what is written is made from them.

    Raises:
        Untestable: the network answers none of the pairs.
    """
    [test] = next(kept.harvester.prepared_splits([kept.sites], store.watcher))
    train: PreparedSplits | None = None
    if offered.writes_from_train:
        inputs = [experiment.draw("train")]
        harvester = present_splits(
            network, experiment, inputs, offered.choices, experiment.fitting_prompt
        )
        [train] = next(harvester.prepared_splits([kept.sites], store.watcher))
    best = Entry(kept.sites, ScoredFit(kept.maps, Score(0, 0), None))
    return Sweep((), best, Splits(train, (), test))


def _check_methods(offered: Candidates, earlier: EarlierMaps) -> None:
    fitted = earlier.method_of
    if set(fitted) != set(offered.variables):
        raise ToolFailure(
            f"{earlier.named} are of {_listed(fitted)}, but the data swaps "
            f"{_listed(offered.variables)}",
            help="maps can be scored on data that swaps the same variables",
        )
    for placement in offered.placements:
        name, method = placement.variable, placement.method.text
        if fitted[name] != method:
            raise ToolFailure(
                f"{earlier.named} place `{name}` by `{fitted[name]}`, but the alignment places it "
                f"by `{method}`",
                help="let the alignment have the method and the dimensions that were fitted",
            )


def _sites(offered: Candidates, earlier: EarlierMaps, names: TokenNames) -> Combination:
    """The site of each offer's variables."""
    found: list[Site] = []
    for offer in offered.offers:
        sites = dict.fromkeys(earlier.site_of[name] for name in offer.variables)
        if len(sites) > 1:
            raise ToolFailure(
                f"the alignment places {_listed(offer.variables)} at one site, but "
                f"{earlier.named} are at {' and '.join(map(str, sites))}",
                help="place them in statements of their own",
            )
        [site] = sites
        possible = offer.sites_with(names)
        if site not in possible:
            what = ", ".join(f"`{offered_site}`" for offered_site in possible[:3])
            more = f" and {len(possible) - 3} more" if len(possible) > 3 else ""
            raise ToolFailure(
                f"the alignment does not offer `{site}`, where {earlier.named} have "
                f"{_listed(offer.variables)}",
                help=f"it offers {what}{more}",
            )
        found.append(site)
    return tuple(found)


def _maps(network: Network, offered: Candidates, earlier: EarlierMaps) -> PlacedMaps:
    methods = {placement.variable: placement.method for placement in offered.placements}
    widths = {fitted.site: tap_of(network, fitted.site).width for fitted in earlier.placed}
    placed = [
        PlacedMap(
            fitted.site,
            tuple(offered.variables.index(name) for name in fitted.variables),
            build_map([methods[name] for name in fitted.variables], widths[fitted.site], seed=0),
        )
        for fitted in earlier.placed
    ]
    maps = PlacedMaps(placed, [None] * len(offered.variables))
    own = maps.state_dict()
    if own.keys() != earlier.state.keys():
        raise ToolFailure(f"{earlier.named} are damaged: they are not all there", help=_WHICH)
    try:
        maps.load_state_dict(dict(earlier.state))
    except RuntimeError as error:  # shapes alone are left to differ
        there = " and ".join(f"{width} numbers at {site}" for site, width in widths.items())
        raise ToolFailure(
            f"{earlier.named} are of another width: `{network.name}` has {there}",
            help=f"they were fitted to `{earlier.network}`",
        ) from error
    return maps.to(network.device).requires_grad_(False).eval()


def _listed(names: Mapping[str, object] | tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
