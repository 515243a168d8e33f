"""Whether the hypothesis gives a label to every pair that a design admits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from causalspec.compiler.data.conditions import shared_noise, source_names
from causalspec.compiler.data.left_out import pairs_left_out
from causalspec.compiler.data.undefined_labels import UndefinedPair, is_sound
from causalspec.compiler.derived_models import interchanged, on_pair, source_prefix
from causalspec.compiler.evidence import Examination, Exhaustive, NoWitness, Sampled
from causalspec.compiler.expressions import All, Compare, ComparisonOperator, Not, Reference
from causalspec.compiler.model import Role, Variable
from causalspec.compiler.proofs.witnesses import smallest_witness
from causalspec.compiler.specification import CounterfactualDesign, SwapKind
from causalspec.dsl.diagnostics import Diagnostics


def examine_labels(
    design: CounterfactualDesign, diagnostics: Diagnostics, *, is_settled: bool
) -> Iterator[Examination]:
    """Asked of every kind of swap: proved, or refuted by the smallest pair, its two runs side by
    side. Where the design leaves out pairs without a label, how many. `is_settled` says whether it
    is proved that everything has a value without a swap.
    """
    if design.model.cyclic:
        return
    for kind in design.kinds:
        examination = _examine_kind(design, kind, diagnostics, is_settled=is_settled)
        yield examination
        if examination.holds is False:
            return  # the other kinds would mostly say the same again
    for one in pairs_left_out(design):
        yield Examination(
            f"`{design.name}` leaves out the pairs of `{one.kind}` without a label, "
            f"{one.share:.0%} of all",
            True,
            Sampled(one.of, design.seed),
            design.span,
        )


def _examine_kind(
    design: CounterfactualDesign, kind: SwapKind, diagnostics: Diagnostics, *, is_settled: bool
) -> Examination:
    question = f"swapping `{kind.name}` in `{design.name}` leaves no pair without a label"
    names = source_names(design)
    sides = ("base", *names, "result")
    model = interchanged(design.model, kind, range(len(names)))
    if is_settled:
        model = replace(model, variables=tuple(map(_settled, model.variables)))
    sound = on_pair(is_sound(design, sides), names)
    shared = (
        Compare(
            ComparisonOperator.EQUAL,
            Reference(f"base.{name}"),
            Reference(f"{source_prefix(number)}.{name}"),
        )
        for name in shared_noise(design)
        for number in range(len(names))
    )
    found = smallest_witness(model, All((Not(sound), *shared)))
    if isinstance(found, NoWitness):
        holds = True if found.is_certain else None
        return Examination(question, holds, found.evidence, design.span)
    drawn = design.model.exogenous
    base, *sources = (
        {name: found.setting[f"{prefix}.{name}"] for name in drawn}
        for prefix in ("base", *map(source_prefix, range(len(names))))
    )
    pair = UndefinedPair(design, kind, names, base, sources)
    diagnostics.found.append(pair.diagnostic())
    return Examination(question, False, Exhaustive(1), design.span, tuple(pair.lines()))


def _settled(variable: Variable) -> Variable:
    """Of a run without a swap: known to be defined."""
    side = variable.name.partition(".")[0]
    without_swap = side == "base" or side.startswith(source_prefix(0).rstrip("0"))
    stated = variable.role in (Role.VARIABLE, Role.OUTPUT)
    return replace(variable, is_proved_defined=True) if without_swap and stated else variable
