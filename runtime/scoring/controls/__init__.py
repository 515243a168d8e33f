"""What else would score as well: one file a control, in one table, and the rivals.

Each is observed on the claim's own test pairs at the chosen sites, except a rival, whose variable
has pairs of its own, drawn in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

from causalspec.compiler import full_vocabulary
from causalspec.runtime.extensions import given_by
from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.maps.computed import NotDetermined
from causalspec.runtime.results.draws import over_draws
from causalspec.runtime.results.estimates import Estimate, Score
from causalspec.runtime.results.records import ControlScore
from causalspec.runtime.scoring.controls import (
    full_vector,
    no_swap,
    random_network,
    random_subspace,
    self_swap,
    shuffled_labels,
    site_resampled,
    unmapped_resampled,
)
from causalspec.runtime.scoring.controls.named_elsewhere import elsewhere_named
from causalspec.runtime.scoring.controls.rivals import observed_rival, rival_explanation
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.scoring.controls.untested import NotTested
from causalspec.runtime.scoring.metrics import METRICS, Measure
from causalspec.runtime.scoring.observed import Observed
from causalspec.runtime.watch import NoticesInOrder


@runtime_checkable
class Control(Protocol):
    """A comparison that a claim's maps are held against: a module of ours, or an object that an
    installed package makes.
    """

    @property
    def EXPLANATION(self) -> str:  # noqa: N802 (a module's constant)
        """What was done, in a few words."""
        ...

    @property
    def FITS(self) -> bool:  # noqa: N802
        """Whether maps are fitted for it."""
        ...

    def applies(self, selected: SelectedAlignment) -> bool:
        """Whether it stands beside such a claim unasked."""
        ...

    def observed(self, store: FitStore, selected: SelectedAlignment) -> tuple[Observed, ...]:
        """What the network did on each data set."""
        ...


@runtime_checkable
class DrawnControl(Control, Protocol):
    """One that is drawn at random, and so again and again."""

    def draws(
        self, store: FitStore, selected: SelectedAlignment
    ) -> tuple[tuple[Observed, ...], ...]:
        """What the network did on each data set, for each draw."""
        ...


CONTROLS: Mapping[str, Control] = {
    "no_swap": no_swap,
    "self_swap": self_swap,
    "random_subspace": random_subspace,
    "random_network": random_network,
    "shuffled_labels": shuffled_labels,
    "full_vector": full_vector,
    "site_resampled": site_resampled,
    "unmapped_resampled": unmapped_resampled,
}
"""One row a control, in the order of the report."""


@dataclass(frozen=True, eq=False)
class Compared:
    """A control or rival: what was done and what the network did; nothing where it could not be,
    for the reason `not_tested`. `draws` has every draw of a random one, the first is `observed`.
    """

    name: str
    explanation: str
    observed: tuple[Observed, ...] = field(repr=False)
    drawn: int
    draws: tuple[tuple[Observed, ...], ...] = field(default=(), repr=False)
    not_tested: str = ""

    def measured(self, metric: Measure, kind: tuple[str, ...]) -> Estimate:
        """What a metric comes to, over all draws; nothing scored where nothing was observed."""
        if not self.observed:
            return Score(0, 0, drawn=self.drawn)
        return over_draws([metric(draw, kind) for draw in self.draws or (self.observed,)])

    @property
    def result(self) -> ControlScore:
        """As results hold it."""
        iia = METRICS["iia"]
        score = self.measured(iia, ())
        assert isinstance(score, Score)
        spread = tuple(iia(draw, ()).mean for draw in self.draws)
        return ControlScore(self.name, score, self.explanation, spread, self.not_tested)


def left_out(selected: SelectedAlignment) -> Mapping[str, str]:
    """The controls and rivals that are not run although they would be, with the reason: maps would
    have to be fitted.
    """
    if selected.may_fit:
        return {}
    standing = {
        name for name, control in CONTROLS.items() if control.FITS and control.applies(selected)
    }
    named = _named(selected)
    rivals = named & selected.specification.models.keys()
    fitted = {name for name in named - rivals if _control(name).FITS}
    names = sorted(standing | rivals | fitted)
    return {
        name: f"`{name}` would have to be fitted, and the maps are an earlier run's"
        for name in names
    }


def compare(store: FitStore, selected: SelectedAlignment) -> Iterator[Compared]:
    """Every control that the claim's maps give a meaning, those asked for, and the rivals, but for
    those that are left out.
    """
    without = left_out(selected).keys()
    named = _named(selected) - without
    names = [
        name
        for name, control in CONTROLS.items()
        if name not in without
        and (name in named or (control.applies(selected) and not selected.only_named))
    ]
    names += sorted(named - CONTROLS.keys())
    # A process that helps another one has done with a comparison that is made.
    turns = store.folder.in_turn(
        [selected.stage(f"compared with {name}") for name in names], skips=store.folder.helps
    )
    found: dict[int, Compared] = {}
    notices = NoticesInOrder(store.watcher)
    for number in turns:
        watched = replace(store, watcher=notices.of(number))
        found[number] = _comparison(watched, selected, names[number])
        notices.done(number)
    yield from (found[number] for number in sorted(found))


def _comparison(store: FitStore, selected: SelectedAlignment, name: str) -> Compared:
    rival = None if name in CONTROLS else selected.specification.models.get(name)
    if rival is None:
        return _compared(store, selected, name, _control(name))
    found, count = observed_rival(store, selected, rival)
    return Compared(name, rival_explanation(rival), found, count)


def _compared(
    store: FitStore, selected: SelectedAlignment, name: str, control: Control
) -> Compared:
    """A control on the claim's pairs; nothing observed where the vectors determine no map."""
    drawn = sum(prepared.count.drawn for prepared in selected.test)
    try:
        if isinstance(control, DrawnControl):
            draws = control.draws(store, selected)
            return Compared(name, control.EXPLANATION, draws[0], drawn, draws)
        observed = control.observed(store, selected)
    except NotTested as failure:
        return Compared(name, control.EXPLANATION, (), drawn, not_tested=str(failure))
    except NotDetermined as failure:
        store.watcher.notice(f"{name}: {failure}")
        observed = ()
    return Compared(name, control.EXPLANATION, observed, drawn)


def _named(selected: SelectedAlignment) -> set[str]:
    """The controls and rivals that the claim's expectations name."""
    experiment = selected.experiment
    elsewhere = elsewhere_named(selected.specification, experiment.claim, experiment.task)
    return {metric.of for metric in experiment.claim.metrics if metric.of is not None} - {
        *elsewhere
    }


def _control(name: str) -> Control:
    """Ours, or an installed package's."""
    ours = CONTROLS.get(name)
    return ours if ours is not None else given_by(full_vocabulary().controls[name], Control)
