"""Counterfactual designs: which variables are swapped, on which pairs, in which splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from causalspec.compiler.derived_models import on_side
from causalspec.compiler.domains import Domain, TupleField, Tuples
from causalspec.compiler.expressions import (
    Defined,
    Expression,
    Reference,
    substituted,
    surely,
)
from causalspec.compiler.front.conversion import tuple_value
from causalspec.compiler.front.derived_sources import derivations_of, refuse_unread
from causalspec.compiler.front.elaborate import condition, elaborate
from causalspec.compiler.front.instances import model_of
from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import Compilation, declared_at, of_kind
from causalspec.compiler.front.scopes import Binding, Declared, Environment, Family, Scope, Side
from causalspec.compiler.front.splits import held_out_values, split_sizes
from causalspec.compiler.front.swaps import SIDE, distinctions_of, swaps_of
from causalspec.compiler.front.values import Value
from causalspec.compiler.specification import (
    CounterfactualDesign,
    Derivation,
    PairExpression,
    StratifiedValue,
)
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related

MOST_BALANCED = 64
MOST_COVERED = 1024
ONCE = {
    syntax.Balance: "balance",
    syntax.Cover: "cover",
    syntax.NoiseSharing: "noise",
    syntax.Split: "split",
    syntax.Seed: "seed",
}
"""What a design can say but once."""
NOISE_WAYS = ("fresh", "shared")


def compile_design(
    compilation: Compilation,
    declaration: syntax.CounterfactualsDeclaration,
) -> CounterfactualDesign | None:
    """A `counterfactuals` declaration, None when its model is missing."""
    draft = model_of(compilation, declaration.model)
    if draft is None:
        return None
    body = declaration.body
    sources, kinds = swaps_of(compilation, declaration, draft)
    environment = _pair_environment(compilation, draft, sources)
    made = of_kind(body, syntax.DerivedSource)
    derivations = derivations_of(compilation, draft, made, environment, tuple(sources))
    refuse_unread(compilation, sources, kinds, derivations)
    environment = _with_admission(environment, draft, tuple(sources), derivations)
    _refuse_repeats(compilation, declaration)
    keep: list[PairExpression] = []
    for statement in of_kind(body, syntax.Keep):
        value = condition(environment, statement.condition)
        if value.domain is not None:
            keep.append(PairExpression(value.node, statement.condition.span))
    balances = [
        _balanced(compilation, environment, statement.values)
        for statement in of_kind(body, syntax.Balance)
    ]
    rivals = [name for statement in of_kind(body, syntax.Distinguish) for name in statement.models]
    covered = [value for statement in of_kind(body, syntax.Cover) for value in statement.values]
    splits, seeds = of_kind(body, syntax.Split), of_kind(body, syntax.Seed)
    if seeds and seeds[0].value.decimals:
        message = f"the seed `{seeds[0].value.text}` is not a whole number"
        compilation.error("CS702", message, seeds[0].value.span)
    balance, balance_domain = balances[0] if balances else (None, None)
    return CounterfactualDesign(
        name=declaration.name.text,
        model=draft.model,
        source_names=tuple(sources),
        kinds=tuple(kinds),
        keep=tuple(keep),
        balance=balance,
        balance_domain=balance_domain,
        splits=split_sizes(compilation, declaration, splits),
        disjoint=held_out_values(compilation, draft, splits),
        seed=seeds[0].value.scaled if seeds else 0,
        span=declaration.name.span,
        distinctions=tuple(distinctions_of(compilation, rivals, draft, kinds)),
        cover=_covered(compilation, _with_base(environment), covered),
        shared_noise=any(
            _is_shared(compilation, draft, statement)
            for statement in of_kind(body, syntax.NoiseSharing)
        ),
        derivations=derivations,
    )


def _refuse_repeats(
    compilation: Compilation, declaration: syntax.CounterfactualsDeclaration
) -> None:
    for kind, keyword in ONCE.items():
        first, *later = of_kind(declaration.body, kind) or (declaration,)
        for statement in later:
            message, where = (
                f"there is more than one `{keyword}`",
                Related(first.span, "the first one"),
            )
            compilation.repeated(message, statement.span, where)


def _pair_environment(
    compilation: Compilation, draft: ModelDraft, sources: Mapping[str, syntax.Name | str]
) -> Environment:
    """`base.x`, `source.x` and `result.x` for every variable of the model."""
    parameters = draft.task.parameters
    bindings: dict[str, Binding] = dict(parameters.bindings)
    sides = {"base": SIDE, **sources, "result": SIDE}
    declaring = {**draft.task.given.spans, **draft.own.spans}
    variables = {**draft.task.given.bindings, **draft.own.bindings}
    for name in sides:
        side = {text: _on_side(draft, name, binding) for text, binding in variables.items()}
        bindings[name] = Side(name, Scope(side, None, declaring), draft.model.outputs)
    return Environment(compilation, Scope(bindings, None, {**parameters.declaring, **sides}))


def _with_admission(
    environment: Environment,
    draft: ModelDraft,
    sources: Sequence[str],
    derivations: Sequence[Derivation],
) -> Environment:
    """Derived sources with what makes them inputs of the task, for `defined(…)` to ask."""
    bindings = dict(environment.scope.bindings)
    for made in derivations:
        name = sources[made.source]
        side = bindings[name]
        assert isinstance(side, Side)
        inputs = (Reference(f"{name}.{input_}") for input_, _ in made.values)
        admitted: list[Expression] = [*map(Defined, inputs)]
        if draft.model.requirement is not None:
            admitted.append(surely(on_side(draft.model.requirement, name)))
        bindings[name] = replace(side, admitted=tuple(admitted))
    return replace(environment, scope=replace(environment.scope, bindings=bindings))


def _on_side(draft: ModelDraft, side: str, binding: Binding) -> Binding:
    match binding:
        case Declared():
            return Value(_side_node(draft, side, binding), binding.domain)
        case Family(name=name, members=members):
            moved = {
                index: Value(_side_node(draft, side, member), member.domain)
                for index, member in members.items()
                if isinstance(member, Declared)
            }
            return Family(f"{side}.{name}", moved)
        case _:
            return binding


def _side_node(draft: ModelDraft, side: str, variable: Declared) -> Expression:
    if variable.name in draft.model.by_name or variable.mechanism is None:
        return Reference(f"{side}.{variable.name}")
    # An abbreviation of the task that the model itself never reads: written out.
    lets = draft.task.variables
    return substituted(
        variable.mechanism,
        lambda name: _side_node(draft, side, lets[name]) if name in lets else Reference(name),
    )


def _balanced(
    compilation: Compilation, environment: Environment, written: Sequence[syntax.Expression]
) -> tuple[PairExpression, Domain | None]:
    """The value that is balanced: the only one, or the tuple of several."""
    span = written[0].span.to(written[-1].span)
    found = [(elaborate(environment, part), part) for part in written]
    parts: list[Value] = []
    fields: list[TupleField] = []
    for value, part in found:
        if value.domain is not None:
            parts.append(value)
            fields.append(TupleField(" ".join(part.span.text.split()), value.domain))
            if value.constant is not None:
                compilation.wrong("CS703", part, "is always the same")
    if len(parts) < len(written):
        return PairExpression(found[0][0].node, span), None
    domain = Tuples(tuple(fields))
    if domain.size > MOST_BALANCED:
        compilation.error(
            "CS703",
            f"`{span.text}` has {domain.size} values, too many to balance",
            span,
            help=f"balance conditions, or what has at most {MOST_BALANCED} values in all",
        )
    value = tuple_value(parts, domain) if len(parts) > 1 else parts[0]
    return PairExpression(value.node, span), value.domain


def _covered(
    compilation: Compilation, environment: Environment, covered: Sequence[syntax.Expression]
) -> tuple[StratifiedValue, ...]:
    found: list[StratifiedValue] = []
    combinations = 1
    for written in covered:
        value = elaborate(environment, written)
        if value.domain is None:
            continue
        if value.constant is not None:
            compilation.wrong("CS703", written, "is always the same")
            continue
        combinations *= value.domain.size
        if combinations > MOST_COVERED:
            compilation.wrong(
                "CS703",
                written,
                f"makes {combinations} combinations, too many to cover",
                help=f"cover conditions, or values with at most {MOST_COVERED} combinations",
            )
            break
        found.append(StratifiedValue(value.node, written.span, domain=value.domain))
    return tuple(found)


def _with_base(environment: Environment) -> Environment:
    """Bare names of variables mean the base's."""
    bindings = environment.scope.bindings
    base = bindings["base"]
    assert isinstance(base, Side)
    names = {**base.scope.declaring, **environment.scope.declaring}
    return replace(environment, scope=Scope({**base.scope.bindings, **bindings}, None, names))


def _is_shared(compilation: Compilation, draft: ModelDraft, statement: syntax.NoiseSharing) -> bool:
    way = statement.way
    if way.text not in NOISE_WAYS:
        compilation.unknown("way to draw noise", way, NOISE_WAYS)
    elif not draft.model.noise:
        compilation.error(
            "CS719",
            f"`{draft.name}` has no noise",
            statement.span,
            help="leave the statement out, or declare `noise u : T` in the model",
            related=declared_at(draft.declaration.name.span),
        )
    return way.text == "shared"
