"""Work of a run that another process has begun and will judge: fits and comparisons alone.

The helper goes the way of the run itself, on the same network and pairs, and does what nobody is
at; `Stages` says what that is. What it finishes is what the run would have come to, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from causalspec.compiler import Alignment, CounterfactualDesign, Specification
from causalspec.runtime.engine.computing import computing
from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.fitting.sweep import sweep
from causalspec.runtime.inputs.experiment import Untestable
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.maps.computed import NotDetermined
from causalspec.runtime.results.run_folder import Stages
from causalspec.runtime.scoring.alignments import alignment_identity
from causalspec.runtime.scoring.choice import choose_claims
from causalspec.runtime.scoring.claims import select, with_seed
from causalspec.runtime.scoring.controls import compare
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.scoring.posed import PosedClaim
from causalspec.runtime.scoring.questions import question_about
from causalspec.runtime.scoring.seeds import of_number
from causalspec.runtime.scoring.verify import (
    VerifySettings,
    posed_claims,
    verification_identity,
)
from causalspec.runtime.watch import Unwatched

Joined = Callable[[str], Stages]
"""The stages of a run by its identity. Raises `ToolFailure` where the run there is another."""


def help_verify(
    specification: Specification,
    network: TaskNetwork,
    settings: VerifySettings,
    join: Joined,
    share: float = 0.0,
) -> None:
    """Help `verify` until nothing is left to do. Begins at a `share` 0..1 of the claims, since
    others begin elsewhere. Raises as `verify` does.
    """
    claims = choose_claims(specification, settings.claims)
    posed = posed_claims(specification, claims, network, settings)
    fit = settings.fit_for(network)
    stages = join(verification_identity(specification, network, settings, posed))
    first = int(share * len(posed))
    posed = posed[first:] + posed[:first]
    names = [claim.experiment.claim.name for claim in posed]
    with computing(network.threads, settings.precision):
        store = FitStore(stages, Unwatched())
        for place in stages.in_turn(names, skips=True, joins=True):
            # It is the run itself that says so.
            with suppress(NotDetermined, Untestable):
                _help_claim(store, posed[place], fit)


def _help_claim(store: FitStore, posed: PosedClaim, fit: FitSettings) -> None:
    """What a claim takes with all its seeds, whose fits share batches."""
    sweeps, selected = select(store, posed, fit)
    _compare(store, selected)
    for number, own in enumerate(sweeps[1:], 1):
        asked = of_number(posed.experiment.claim, number)
        part, again, seeded = with_seed(store, posed, fit, number, asked)
        _compare(part, select(part, again, seeded, [own])[1])


def _compare(store: FitStore, selected: SelectedAlignment) -> None:
    for _ in compare(store, selected):
        pass


def help_align(
    specification: Specification,
    alignment: Alignment,
    design: CounterfactualDesign,
    network: TaskNetwork,
    settings: VerifySettings,
    join: Joined,
    prompt: str | None = None,
) -> None:
    """Help `align` until nothing is left to do. Raises as it does."""
    question = question_about(alignment, design.name, "validation", prompt)
    stages = join(alignment_identity(specification, network, settings, question))
    with (
        computing(network.threads, settings.precision),
        suppress(NotDetermined, Untestable),
    ):
        posed = settings.pose(specification, question, network)
        store, fit = FitStore(stages, Unwatched()), settings.fit_for(network)
        sweep(store, posed.network, posed.experiment, posed.offered, fit)
