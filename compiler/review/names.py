"""A specification in other names: those of the version that it is compared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from causalspec.compiler.expressions import Expression, renamed
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import (
    Abstraction,
    Alignment,
    Claim,
    CounterfactualDesign,
    Example,
    Metric,
    MetricArithmetic,
    MetricExpression,
    PairExpression,
    Placement,
    PromptTemplate,
    SlotValue,
    Specification,
    SwapKind,
    Task,
    TemplateArm,
    TokenPosition,
    TokenRange,
)

Calling = Mapping[str, str]
"""The old name of what has a new one."""

_Value = TypeVar("_Value")
_Pair = TypeVar("_Pair", bound=PairExpression)


def _nothing() -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Names:
    """New names to old ones. `variables` and `prompts` are by the new name of their task or model;
    a model's variables include those that it has from its task.
    """

    tasks: Calling = field(default_factory=_nothing)
    models: Calling = field(default_factory=_nothing)
    designs: Calling = field(default_factory=_nothing)
    alignments: Calling = field(default_factory=_nothing)
    claims: Calling = field(default_factory=_nothing)
    abstractions: Calling = field(default_factory=_nothing)
    variables: Mapping[str, Calling] = field(default_factory=dict[str, Calling])
    prompts: Mapping[str, Calling] = field(default_factory=dict[str, Calling])


def in_old_names(specification: Specification, names: Names) -> Specification:
    """The specification with every name as `names` has it."""
    return _Renaming(specification, names).specification()


def model_in_old_names(
    model: CausalModel, variables: Calling, name: str | None = None, task: str | None = None
) -> CausalModel:
    """A model with its variables, and perhaps itself and its task, under other names."""
    memory: dict[int, Expression] = {}

    def called(expression: Expression | None) -> Expression | None:
        if expression is None:
            return None
        return renamed(expression, lambda one: variables.get(one, one), memory)

    return replace(
        model,
        name=name or model.name,
        task=task or model.task,
        variables=tuple(
            replace(one, name=variables.get(one.name, one.name), mechanism=called(one.mechanism))
            for one in model.variables
        ),
        requirement=called(model.requirement),
    )


class _Renaming:
    def __init__(self, specification: Specification, names: Names) -> None:
        self._specification = specification
        self._names = names
        self._models = {
            one.name: model_in_old_names(
                one,
                names.variables.get(one.name, {}),
                (names.tasks if one.name == one.task else names.models).get(one.name),
                names.tasks.get(one.task),
            )
            for one in (
                *(task.model for task in specification.tasks.values()),
                *specification.models.values(),
            )
        }

    def specification(self) -> Specification:
        old, names = self._specification, self._names
        return replace(
            old,
            tasks=_by_name(map(self._task, old.tasks.values())),
            models=_by_name(self._models[name] for name in old.models),
            examples=tuple(map(self._example, old.examples)),
            counterfactuals=_by_name(
                self._design(one, names.designs.get(name, name))
                for name, one in old.counterfactuals.items()
            ),
            alignments=_by_name(map(self._alignment, old.alignments.values())),
            claims=_by_name(map(self._claim, old.claims.values())),
            abstractions=_by_name(map(self._abstraction, old.abstractions.values())),
        )

    def _variables(self, model: CausalModel) -> Calling:
        return self._names.variables.get(model.name, {})

    def _task(self, task: Task) -> Task:
        variables = self._variables(task.model)
        prompts = self._names.prompts.get(task.name, {})
        encoding = task.encoding
        if encoding is not None:
            groups = tuple(
                replace(one, input=variables.get(one.input, one.input)) for one in encoding.groups
            )
            encoding = replace(encoding, groups=groups)
        return replace(
            task,
            name=self._names.tasks.get(task.name, task.name),
            model=self._models[task.model.name],
            prompts=_by_name(
                replace(_template(one, variables), name=prompts.get(name, name))
                for name, one in task.prompts.items()
            ),
            answers={
                variables.get(name, name): _template(one, variables)
                for name, one in task.answers.items()
            },
            encoding=encoding,
        )

    def _example(self, example: Example) -> Example:
        variables = self._variables(example.model)

        def called(values: Mapping[str, _Value]) -> dict[str, _Value]:
            return {variables.get(name, name): value for name, value in values.items()}

        return replace(
            example,
            model=self._models[example.model.name],
            inputs=called(example.inputs),
            interventions={
                name: one if isinstance(one, int) else _expression(one, variables)
                for name, one in called(example.interventions).items()
            },
            expected=called(example.expected),
        )

    def _design(self, design: CounterfactualDesign, name: str) -> CounterfactualDesign:
        variables = self._variables(design.model)
        return replace(
            design,
            name=name,
            model=self._models[design.model.name],
            kinds=_kinds(design.kinds, variables),
            keep=tuple(_of_pair(one, variables) for one in design.keep),
            balance=None if design.balance is None else _of_pair(design.balance, variables),
            cover=tuple(_of_pair(one, variables) for one in design.cover),
            disjoint=tuple(variables.get(one, one) for one in design.disjoint),
            distinctions=tuple(
                replace(
                    one,
                    rival=self._models.get(one.rival.name, one.rival),
                    kinds=tuple(_kinds(kinds, self._variables(one.rival)) for kinds in one.kinds),
                )
                for one in design.distinctions
            ),
        )

    def _alignment(self, alignment: Alignment) -> Alignment:
        variables = self._variables(alignment.model)
        return replace(
            alignment,
            name=self._names.alignments.get(alignment.name, alignment.name),
            model=self._models[alignment.model.name],
            placements=tuple(
                _placement(one, variables, self._names.designs) for one in alignment.placements
            ),
        )

    def _claim(self, claim: Claim) -> Claim:
        names = self._names
        prompts = names.prompts.get(claim.model.task, {})
        variables = self._variables(claim.model)

        def prompt(name: str | None) -> str | None:
            return None if name is None else prompts.get(name, name)

        return replace(
            claim,
            name=names.claims.get(claim.name, claim.name),
            model=self._models[claim.model.name],
            data=tuple((names.designs.get(design, design), split) for design, split in claim.data),
            alignment=names.alignments.get(claim.alignment, claim.alignment),
            prompt=prompt(claim.prompt),
            fitted_on=prompt(claim.fitted_on),
            expectations=tuple(
                replace(
                    one,
                    left=self._metric(one.left, variables),
                    right=self._metric(one.right, variables),
                )
                for one in claim.expectations
            ),
        )

    def _metric(self, one: MetricExpression, variables: Calling) -> MetricExpression:
        match one:
            case MetricArithmetic(left=left, right=right):
                return replace(
                    one,
                    left=self._metric(left, variables),
                    right=self._metric(right, variables),
                )
            case Metric(of=rival, kind=kind):
                rival = None if rival is None else self._names.models.get(rival, rival)
                return replace(one, of=rival, kind=tuple(variables.get(v, v) for v in kind))
            case _:
                return one

    def _abstraction(self, one: Abstraction) -> Abstraction:
        fine, coarse = self._variables(one.fine), self._variables(one.coarse)
        return replace(
            one,
            name=self._names.abstractions.get(one.name, one.name),
            fine=self._models[one.fine.name],
            coarse=self._models[one.coarse.name],
            values={
                coarse.get(name, name): _expression(value, fine)
                for name, value in one.values.items()
            },
        )


_Declared = TypeVar(
    "_Declared",
    Task, CausalModel, PromptTemplate, CounterfactualDesign, Alignment, Claim, Abstraction,
)  # fmt: skip


def _by_name(declared: Iterable[_Declared]) -> dict[str, _Declared]:
    return {one.name: one for one in declared}


def _expression(expression: Expression, variables: Calling) -> Expression:
    return renamed(expression, lambda name: variables.get(name, name))


def _of_pair(one: _Pair, variables: Calling) -> _Pair:
    """`base.x`: the side stays, the variable is called as it was."""

    def called(name: str) -> str:
        side, _, variable = name.partition(".")
        return f"{side}.{variables.get(variable, variable)}"

    return replace(one, expression=renamed(one.expression, called))


def _kinds(kinds: Iterable[SwapKind], variables: Calling) -> tuple[SwapKind, ...]:
    def named(kind: SwapKind) -> SwapKind:
        names = tuple(variables.get(name, name) for name in kind.variables)
        within = tuple((number, named(inner)) for number, inner in kind.within)
        return replace(kind, variables=names, within=within)

    return tuple(named(kind) for kind in kinds)


def _template(template: PromptTemplate, variables: Calling) -> PromptTemplate:
    arms: list[TemplateArm] = []
    for arm in template.arms:
        parts = tuple(
            replace(one, name=_slot(one.name, variables), value=_expression(one.value, variables))
            if isinstance(one, SlotValue)
            else one
            for one in arm.parts
        )
        condition = None if arm.condition is None else _expression(arm.condition, variables)
        arms.append(replace(arm, condition=condition, parts=parts))
    return replace(template, arms=tuple(arms))


def _slot(name: str, variables: Calling) -> str:
    """A slot without a name of its own is called after what it shows: `city.name`."""
    head, dot, rest = name.partition(".")
    return f"{variables.get(head, head)}{dot}{rest}"


def _placement(placement: Placement, variables: Calling, designs: Calling) -> Placement:
    def called(position: TokenPosition) -> TokenPosition:
        argument = position.argument
        if position.anchor != "slot" or argument is None:
            return position
        return replace(position, argument=_slot(argument, variables))

    tokens = tuple(
        replace(one, first=called(one.first), last=called(one.last))
        if isinstance(one, TokenRange)
        else called(one)
        for one in placement.tokens
    )
    variable = variables.get(placement.variable, placement.variable)
    write = placement.write
    if write is not None and write.data is not None:
        design, split = write.data
        write = replace(write, data=(designs.get(design, design), split))
    return replace(placement, variable=variable, tokens=tokens, write=write)
