"""Lark's tree to nodes of `syntax`: the statements inside declarations."""

from __future__ import annotations

from typing import Any

from lark import Token

from causalspec.dsl import syntax
from causalspec.dsl.build_expressions import ExpressionBuilder
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.source import Source, Span
from causalspec.dsl.texts import ParseSlot, template_of
from causalspec.dsl.tokens import span_of


class StatementBuilder(ExpressionBuilder):
    """Adds statements; `parse_slot` reads what a template holds between braces."""

    def __init__(self, source: Source, parse_slot: ParseSlot, diagnostics: Diagnostics) -> None:
        super().__init__(source, diagnostics)
        self._parse_slot = parse_slot

    # Tasks and models -----------------------------------------------------------------------

    def declarators(
        self, span: Span, *declarators: syntax.Declarator
    ) -> tuple[syntax.Declarator, ...]:
        return declarators

    def declarator(
        self,
        span: Span,
        name: syntax.Name,
        index: syntax.Name | None,
        range: syntax.ValueSet | None,
    ) -> syntax.Declarator:
        return syntax.Declarator(span=span, name=name, index=index, range=range)

    def distribution(
        self,
        span: Span,
        name: syntax.Name,
        arguments: tuple[syntax.Argument, ...] | None,
        arms: tuple[syntax.Arm, ...] | None,
    ) -> syntax.Distribution:
        return syntax.Distribution(span=span, name=name, arguments=arguments or (), arms=arms or ())

    def input(
        self,
        span: Span,
        declarators: tuple[syntax.Declarator, ...],
        type: syntax.ValueSet,
        distribution: syntax.Distribution | None,
    ) -> syntax.Input:
        return syntax.Input(
            span=span, declarators=declarators, type=type, distribution=distribution
        )

    def noise(
        self,
        span: Span,
        declarators: tuple[syntax.Declarator, ...],
        type: syntax.ValueSet,
        distribution: syntax.Distribution | None,
    ) -> syntax.Noise:
        return syntax.Noise(
            span=span, declarators=declarators, type=type, distribution=distribution
        )

    def require(self, span: Span, condition: syntax.Expression) -> syntax.Require:
        return syntax.Require(span=span, condition=condition)

    def let(self, span: Span, name: syntax.Name, value: syntax.Expression) -> syntax.Let:
        return syntax.Let(span=span, name=name, value=value)

    def variable(
        self,
        span: Span,
        declarator: syntax.Declarator,
        type: syntax.ValueSet | None,
        mechanism: syntax.Expression,
    ) -> syntax.Variable:
        return syntax.Variable(span=span, declarator=declarator, type=type, mechanism=mechanism)

    def output(
        self,
        span: Span,
        declarator: syntax.Declarator,
        type: syntax.ValueSet | None,
        mechanism: syntax.Expression,
    ) -> syntax.Output:
        return syntax.Output(span=span, declarator=declarator, type=type, mechanism=mechanism)

    def template(self, span: Span, token: Token) -> syntax.Template:
        return template_of(self.source, token, self._parse_slot, self.diagnostics)

    def prompt(
        self, span: Span, name: syntax.Name, body: syntax.Template | syntax.TemplateMatch
    ) -> syntax.Prompt:
        return syntax.Prompt(span=span, name=name, body=body)

    def prompt_match(
        self, span: Span, subject: syntax.Expression, *arms: syntax.Arm
    ) -> syntax.TemplateMatch:
        return syntax.TemplateMatch(span=span, subject=subject, arms=arms)

    def say(self, span: Span, output: syntax.Expression, body: Any) -> syntax.Say:
        if not isinstance(body, syntax.Template):
            place, arms = body
            body = syntax.TemplateMatch(span=place, subject=output, arms=arms)
        return syntax.Say(span=span, output=output, body=body)

    def say_match(self, span: Span, *arms: syntax.Arm) -> tuple[Span, tuple[syntax.Arm, ...]]:
        return span, arms

    def encode(self, span: Span, form: syntax.Name, *groups: syntax.EncodeGroup) -> syntax.Encode:
        return syntax.Encode(span=span, form=form, groups=groups)

    def encode_group(
        self, span: Span, inputs: tuple[syntax.Expression, ...], coding: syntax.Call
    ) -> syntax.EncodeGroup:
        return syntax.EncodeGroup(span=span, inputs=inputs, coding=coding)

    def coding(
        self, span: Span, name: syntax.Name, arguments: tuple[syntax.Argument, ...] | None
    ) -> syntax.Call:
        return syntax.Call(span=span, function=name, arguments=arguments or ())

    def example(
        self,
        span: Span,
        inputs: tuple[syntax.Assignment, ...],
        interventions: tuple[syntax.Assignment, ...] | None,
        expected: tuple[syntax.Assignment, ...] | None,
    ) -> syntax.Example:
        return syntax.Example(
            span=span,
            inputs=inputs,
            interventions=interventions or (),
            expected=expected or (),
        )

    def assignments(
        self, span: Span, *assignments: syntax.Assignment | None
    ) -> tuple[syntax.Assignment, ...]:
        return tuple(assignment for assignment in assignments if assignment is not None)

    def targets(self, span: Span, *targets: syntax.Expression) -> tuple[syntax.Expression, ...]:
        return targets

    # Counterfactuals ------------------------------------------------------------------------

    def swap(self, span: Span, *parts: Any) -> syntax.Swap:
        *items, weight = parts
        weight = None if weight is None else self.count(weight)
        return syntax.Swap(span=span, items=tuple(items), weight=weight)

    def swap_item(
        self,
        span: Span,
        variable: syntax.Expression,
        source: syntax.Name | tuple[syntax.Name, tuple[syntax.SwapItem, ...]] | None,
    ) -> syntax.SwapItem:
        name, within = source if isinstance(source, tuple) else (source, ())
        return syntax.SwapItem(span=span, variable=variable, source=name, within=within)

    def intervened_source(
        self, span: Span, name: syntax.Name, *items: syntax.SwapItem
    ) -> tuple[syntax.Name, tuple[syntax.SwapItem, ...]]:
        return name, items

    def keep(self, span: Span, condition: syntax.Expression) -> syntax.Keep:
        return syntax.Keep(span=span, condition=condition)

    def balance(self, span: Span, value: syntax.Expression) -> syntax.Balance:
        return syntax.Balance(span=span, value=value)

    def cover(self, span: Span, *values: syntax.Expression) -> syntax.Cover:
        return syntax.Cover(span=span, values=values)

    def noise_sharing(self, span: Span, way: syntax.Name) -> syntax.NoiseSharing:
        return syntax.NoiseSharing(span=span, way=way)

    def distinguish(self, span: Span, *models: syntax.Name) -> syntax.Distinguish:
        return syntax.Distinguish(span=span, models=models)

    def split(self, span: Span, *parts: Any) -> syntax.Split:
        *sizes, disjoint = parts
        return syntax.Split(span=span, parts=tuple(sizes), disjoint=disjoint or ())

    def split_part(self, span: Span, name: syntax.Name, rows: Token) -> syntax.SplitPart:
        return syntax.SplitPart(span=span, name=name, rows=self.count(rows))

    def seed(self, span: Span, value: Token) -> syntax.Seed:
        return syntax.Seed(span=span, value=self.count(value))

    # Alignments and claims ------------------------------------------------------------------

    def placement(
        self,
        span: Span,
        variables: tuple[syntax.Expression, ...],
        site: syntax.Site,
        receiver: syntax.Site | None,
        tokens: tuple[syntax.TokenPosition, ...] | None,
        together: syntax.Name | None,
        method: syntax.Method,
        write: syntax.Method | None,
    ) -> syntax.Placement:
        return syntax.Placement(
            span=span,
            variables=variables,
            site=site,
            receiver=receiver,
            tokens=tokens or (),
            together=together,
            method=method,
            write=write,
        )

    def site(
        self,
        span: Span,
        name: syntax.Name,
        index: syntax.ValueSet | syntax.Expression | None,
        layers: syntax.ValueSet | syntax.Expression | None,
    ) -> syntax.Site:
        return syntax.Site(span=span, name=name, index=index, layers=layers)

    def method(
        self, span: Span, name: syntax.Name, *settings: syntax.Setting | None
    ) -> syntax.Method:
        given = tuple(setting for setting in settings if setting is not None)
        return syntax.Method(span=span, name=name, settings=given)

    def setting(
        self,
        span: Span,
        name: syntax.Name | None,
        value: syntax.Expression | syntax.ElementSet,
    ) -> syntax.Setting:
        return syntax.Setting(span=span, name=name, value=value)

    def together(self, span: Span, word: Token) -> syntax.Name:
        return syntax.Name(span=span, text=str(word))

    def tokens(
        self, span: Span, *positions: syntax.TokenPosition | None
    ) -> tuple[syntax.TokenPosition, ...]:
        return tuple(position for position in positions if position is not None)

    def token_position(
        self,
        span: Span,
        anchor: syntax.Name,
        argument: syntax.Expression | None,
        part: syntax.Name | syntax.Expression | None,
        offset: int | None,
    ) -> syntax.TokenPosition:
        return syntax.TokenPosition(
            span=span, anchor=anchor, argument=argument, part=part, offset=offset or 0
        )

    def token_offset(self, span: Span, sign: Token, distance: Token) -> int:
        number = self.count(distance)
        if number.decimals:
            self.diagnostics.error(
                "CS116",
                f"tokens are counted in whole numbers, not `{number.text}`",
                span_of(self.source, distance),
            )
            return 0
        return number.scaled if sign == "+" else -number.scaled

    def of(
        self,
        span: Span,
        model: syntax.Name,
        data: syntax.Expression,
        prompt: syntax.Name | None,
        alignment: syntax.Name,
        fitted_on: syntax.Name | None,
    ) -> syntax.Of:
        return syntax.Of(
            span=span,
            model=model,
            data=data,
            prompt=prompt,
            alignment=alignment,
            fitted_on=fitted_on,
        )

    def expect(self, span: Span, condition: syntax.Expression) -> syntax.Expect:
        return syntax.Expect(span=span, condition=condition)

    def marginalize(
        self, span: Span, variables: tuple[syntax.Expression, ...]
    ) -> syntax.Marginalize:
        return syntax.Marginalize(span=span, variables=variables)

    def merge(
        self, span: Span, variables: tuple[syntax.Expression, ...], name: syntax.Name
    ) -> syntax.Merge:
        return syntax.Merge(span=span, variables=variables, name=name)

    def collapse(
        self, span: Span, variable: syntax.Expression, arms: tuple[syntax.Arm, ...]
    ) -> syntax.Collapse:
        return syntax.Collapse(span=span, variable=variable, arms=arms)
