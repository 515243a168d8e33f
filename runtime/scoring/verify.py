"""From a checked spec and a network to a verdict on every claim, with its report on disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path

from causalspec.compiler import Claim, Specification
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.engine.computing import computing
from causalspec.runtime.engine.precision import FLOAT32
from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.results.files import check_destination, write_results
from causalspec.runtime.results.records import Manifest, Verification
from causalspec.runtime.results.run_folder import Sharing, alone, run_folder
from causalspec.runtime.scoring.choice import choose_claims
from causalspec.runtime.scoring.claims import VerifiedClaim, verify_claim
from causalspec.runtime.scoring.looking import looked
from causalspec.runtime.scoring.posed import PosedClaim, pose, reusing, warned
from causalspec.runtime.scoring.workload import Workload, workload_of
from causalspec.runtime.watch import Unwatched, Watcher


@dataclass(frozen=True, slots=True)
class VerifySettings:
    """The options of a verification.

    `claims` are the names of those to verify, all of them by default. `fit` None takes what suits
    the kind of network. `command` is how to repeat the run, for the report. With `maps`, the
    results folder of an earlier run, its maps are scored and nothing is fitted. With `explain`
    every claim is explained, by the swaps of so many inputs. Products are multiplied in `precision`
    (`engine.precision`).
    """

    claims: tuple[str, ...] = ()
    seed: int = 0
    keeps_unanswered: bool = False
    fit: FitSettings | None = None
    command: str = ""
    maps: Path | None = None
    explain: int | None = None
    precision: str = FLOAT32

    def fit_for(self, network: TaskNetwork) -> FitSettings:
        """How maps are fitted to a network, seeded."""
        return replace(self.fit or network.settings, seed=self.seed)

    def pose(self, specification: Specification, claim: Claim, network: TaskNetwork) -> PosedClaim:
        """`posed.pose` of a claim under these options. Raises as it does."""
        return pose(
            specification,
            claim,
            network,
            keeps_unanswered=self.keeps_unanswered,
            fits=self.maps is None,
        )


def verify(
    specification: Specification,
    network: TaskNetwork,
    destination: Path,
    settings: VerifySettings | None = None,
    watcher: Watcher | None = None,
    sharing: Sharing = alone,
) -> Verification:
    """Verify claims and write the results folder `destination`, whole or not at all.

    Interrupted or killed, the same call goes on from the last finished stage and comes to the same
    result; so does one whose work other processes share.

    Raises:
        SpecError: a claim does not fit the network or its tokenizer.
        ToolFailure: memory, the device or the folder fails, or the maps to be scored don't suit.
        LookupError: there is no claim of that name.
    """
    settings = settings or VerifySettings()
    watcher = watcher or Unwatched()
    claims = choose_claims(specification, settings.claims)
    check_destination(destination)
    if settings.maps is not None and settings.maps.resolve() == destination.resolve():
        raise ToolFailure(
            f"the maps in `{destination}` would be replaced by the results of their own reuse",
            help="write the results to another folder with `--out`",
        )
    posed = posed_claims(specification, claims, network, settings)
    fit = settings.fit_for(network)
    manifest = _manifest(specification, network, settings, posed)
    run_identity = identity(manifest, settings, fit)
    with (
        run_folder(destination, run_identity) as folder,
        computing(network.threads, settings.precision, keeps=True),
        sharing(folder, run_identity) as stages,
    ):
        store = FitStore(stages, watcher)
        if not isinstance(watcher, Unwatched):
            watcher.begin([workload_of(claim, fit).part for claim in posed])
        verified: list[VerifiedClaim] = []
        for number, claim in enumerate(posed):
            watcher.enter(number)
            verified.append(verify_claim(store, claim, fit, settings.explain))
        verdicts = [
            looked(found.verdict, specification, claim.experiment, manifest, fit)
            for found, claim in zip(verified, posed, strict=True)
        ]
        verification = Verification(manifest, tuple(verdicts))
        maps = {
            claim.verdict.claim: claim.maps.state_dict()
            for claim in verified
            if claim.maps is not None
        }
        explanations = [claim.explanation for claim in verified if claim.explanation is not None]
        write_results(destination, verification, maps, explanations)
    return verification


def posed_claims(
    specification: Specification,
    claims: Sequence[Claim],
    network: TaskNetwork,
    settings: VerifySettings,
) -> list[PosedClaim]:
    """The claims before the network: whatever is wrong with the last is said before the first is
    fitted. Raises as `verify` does.
    """
    posed = warned([settings.pose(specification, claim, network) for claim in claims])
    return [reusing(claim, settings.maps) for claim in posed] if settings.maps else posed


def verification_identity(
    specification: Specification,
    network: TaskNetwork,
    settings: VerifySettings,
    posed: Sequence[PosedClaim],
) -> str:
    """What tells a verification from every other."""
    manifest = _manifest(specification, network, settings, posed)
    return identity(manifest, settings, settings.fit_for(network))


def _manifest(
    specification: Specification,
    network: TaskNetwork,
    settings: VerifySettings,
    posed: Sequence[PosedClaim],
) -> Manifest:
    """What goes into a verification: with the files of the maps that are scored, where they are."""
    read = [file for claim in posed if claim.reused for file in claim.reused.earlier.files]
    manifest = manifest_of(specification, network, settings)
    return replace(manifest, reused=tuple(dict.fromkeys(read)))


def workloads(
    specification: Specification, network: TaskNetwork, settings: VerifySettings
) -> Iterator[Workload]:
    """What `verify` will take, claim by claim. Raises as it does."""
    for claim in choose_claims(specification, settings.claims):
        posed = settings.pose(specification, claim, network)
        if settings.maps is not None:
            posed = reusing(posed, settings.maps)
        with computing(network.threads, settings.precision):
            yield workload_of(posed, settings.fit_for(network))


def manifest_of(
    specification: Specification, network: TaskNetwork, settings: VerifySettings
) -> Manifest:
    """What goes into a run."""
    text = specification.source.text.encode()
    return Manifest(
        causalspec=version("causalspec"),
        spec=Path(specification.source.name).name,
        spec_sha256=hashlib.sha256(text).hexdigest(),
        files=tuple(sorted(specification.files.items())),
        network=network.name,
        network_sha256=network.content_hash(),
        seed=settings.seed,
        versions=tuple((name, version(name)) for name in ("numpy", "torch", "transformers")),
        device=network.device,
        command=settings.command,
        answers=network.answers,
        precision=settings.precision,
        parameters=tuple(
            (f"{task.name}.{name}", value)
            for task in specification.tasks.values()
            for name, value in task.parameters.items()
        ),
    )


def identity(manifest: Manifest, settings: VerifySettings, fit: FitSettings) -> str:
    """Everything that the figures depend on: a run with another one starts afresh."""
    inputs = asdict(manifest) | {"command": None, "fit": asdict(fit)}
    inputs |= {"claims": settings.claims, "keeps_unanswered": settings.keeps_unanswered}
    return json.dumps(inputs, sort_keys=True)
