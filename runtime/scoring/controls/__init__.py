"""What else would score as well: one file a control, in one table, and the rivals.

Each is observed on the claim's own test pairs at the chosen sites, except a rival, whose variable
has pairs of its own, drawn in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from causalspec.compiler import full_vocabulary
from causalspec.runtime.extensions import given_by
from causalspec.runtime.fitting.workshop import Workshop
from causalspec.runtime.maps.computed import NotDetermined
from causalspec.runtime.scoring.controls import (
    full_vector,
    no_swap,
    random_network,
    random_subspace,
    shuffled_labels,
)
from causalspec.runtime.scoring.controls.finalist import Finalist
from causalspec.runtime.scoring.controls.rivals import observed_rival, rival_explanation
from causalspec.runtime.scoring.observed import Observed


@runtime_checkable
class Control(Protocol):
    """A module or an object that is a control; a package's row names what makes one."""

    @property
    def EXPLANATION(self) -> str:  # noqa: N802 (a module's constant)
        """What was done, in a few words."""
        ...

    @property
    def FITS(self) -> bool:  # noqa: N802
        """Whether maps are fitted for it."""
        ...

    def applies(self, finalist: Finalist) -> bool:
        """Whether it stands beside such a claim unasked."""
        ...

    def observed(self, workshop: Workshop, finalist: Finalist) -> tuple[Observed, ...]:
        """What the network did on each data set."""
        ...


CONTROLS: Mapping[str, Control] = {
    "random_subspace": random_subspace,
    "random_network": random_network,
    "shuffled_labels": shuffled_labels,
    "no_swap": no_swap,
    "full_vector": full_vector,
}
"""One row a control, in the order of the report."""


@dataclass(frozen=True, eq=False)
class Compared:
    """A control or rival: what was done and what the network did; nothing where it could not be."""

    name: str
    explanation: str
    observed: tuple[Observed, ...] = field(repr=False)
    drawn: int


def left_out(finalist: Finalist) -> Mapping[str, str]:
    """The controls and rivals that are not run although they would be, with the reason: maps would
    have to be fitted.
    """
    if finalist.may_fit:
        return {}
    standing = {name for name, one in CONTROLS.items() if one.FITS and one.applies(finalist)}
    asked = _asked(finalist)
    rivals = asked & finalist.specification.models.keys()
    fitted = {name for name in asked - rivals if _control(name).FITS}
    names = sorted(standing | rivals | fitted)
    return {
        name: f"`{name}` would have to be fitted, and the maps are an earlier run's"
        for name in names
    }


def compare(workshop: Workshop, finalist: Finalist) -> Iterator[Compared]:
    """Every control that the claim's maps give a meaning, those asked for, and the rivals, but for
    those that are left out.
    """
    without = left_out(finalist).keys()
    asked = _asked(finalist) - without
    for name, control in CONTROLS.items():
        if name in without:
            continue
        if control.applies(finalist) or name in asked:
            yield _compared(workshop, finalist, name, control)
    for name in sorted(asked - CONTROLS.keys()):
        rival = finalist.specification.models.get(name)
        if rival is not None:
            found, count = observed_rival(workshop, finalist, rival)
            yield Compared(name, rival_explanation(rival), found, count)
            continue
        yield _compared(workshop, finalist, name, _control(name))


def _compared(workshop: Workshop, finalist: Finalist, name: str, control: Control) -> Compared:
    """A control on the claim's pairs; nothing observed where the vectors determine no map."""
    drawn = sum(lot.count.drawn for lot in finalist.test)
    try:
        observed = control.observed(workshop, finalist)
    except NotDetermined as failure:
        workshop.watcher.notice(f"{name}: {failure}")
        observed = ()
    return Compared(name, control.EXPLANATION, observed, drawn)


def _asked(finalist: Finalist) -> set[str]:
    """The controls and rivals that the claim's expectations name."""
    return {metric.of for metric in finalist.asked.claim.metrics if metric.of is not None}


def _control(name: str) -> Control:
    """Ours, or an installed package's."""
    ours = CONTROLS.get(name)
    return ours if ours is not None else given_by(full_vocabulary().controls[name], Control)
