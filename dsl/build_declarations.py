"""Lark's tree to nodes of `syntax`: declarations, and the file that they make up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lark import Token

from causalspec.dsl import syntax
from causalspec.dsl.build_statements import StatementBuilder
from causalspec.dsl.source import Span


@dataclass(frozen=True, slots=True)
class LanguageStatement:
    """`language 1`, wherever it stands; the parser makes sure that it comes first."""

    span: Span
    version: syntax.Number


class DeclarationBuilder(StatementBuilder):
    """Adds declarations; builds a whole file."""

    def start(self, span: Span, *statements: Any) -> tuple[Any, ...]:
        return statements

    def language(self, span: Span, version: Token) -> LanguageStatement:
        return LanguageStatement(span, self.count(version))

    def allow(self, span: Span, code: syntax.Name, reason: syntax.Text) -> syntax.Allow:
        return syntax.Allow(span=span, code=code, reason=reason)

    def type_declaration(
        self, span: Span, name: syntax.Name, type: syntax.ValueSet
    ) -> syntax.TypeDeclaration:
        return syntax.TypeDeclaration(span=span, name=name, type=type)

    def table_declaration(
        self,
        span: Span,
        name: syntax.Name,
        path: syntax.Text,
        key: syntax.Name,
        documentation: syntax.Text | None,
        columns: tuple[syntax.TypedName, ...] | None,
    ) -> syntax.TableDeclaration:
        return syntax.TableDeclaration(
            span=span,
            name=name,
            path=path,
            key=key,
            documentation=documentation,
            columns=columns or (),
        )

    def function_declaration(
        self,
        span: Span,
        name: syntax.Name,
        parameters: tuple[syntax.TypedName, ...] | None,
        body: syntax.Expression,
    ) -> syntax.FunctionDeclaration:
        return syntax.FunctionDeclaration(
            span=span, name=name, parameters=parameters or (), body=body
        )

    def import_declaration(
        self, span: Span, path: syntax.Text, *names: syntax.Name
    ) -> syntax.ImportDeclaration:
        return syntax.ImportDeclaration(span=span, path=path, names=names)

    def task_declaration(
        self,
        span: Span,
        name: syntax.Name,
        parameters: tuple[syntax.Argument, ...] | None,
        documentation: syntax.Text | None,
        *body: syntax.TaskStatement,
    ) -> syntax.TaskDeclaration:
        return syntax.TaskDeclaration(
            span=span,
            name=name,
            parameters=parameters or (),
            documentation=documentation,
            body=body,
        )

    def model_kind(self, span: Span, word: Token) -> Token:
        return word

    def model_declaration(
        self, span: Span, name: syntax.Name, task: syntax.Name, *parts: Any
    ) -> syntax.ModelDeclaration:
        """The kinds come first among `parts`, then the documentation or None, then the body."""
        kinds = [str(part) for part in parts if isinstance(part, Token)]
        documentation, *body = parts[len(kinds) :]
        return syntax.ModelDeclaration(
            span=span,
            name=name,
            task=task,
            approximately="approximately" in kinds,
            cyclic="cyclic" in kinds,
            documentation=documentation,
            body=tuple(body),
        )

    def counterfactuals_declaration(
        self,
        span: Span,
        name: syntax.Name,
        model: syntax.Name,
        documentation: syntax.Text | None,
        *body: syntax.CounterfactualsStatement,
    ) -> syntax.CounterfactualsDeclaration:
        return syntax.CounterfactualsDeclaration(
            span=span, name=name, model=model, documentation=documentation, body=body
        )

    def align_declaration(
        self,
        span: Span,
        name: syntax.Name,
        model: syntax.Name,
        documentation: syntax.Text | None,
        *body: syntax.Placement,
    ) -> syntax.AlignDeclaration:
        return syntax.AlignDeclaration(
            span=span, name=name, model=model, documentation=documentation, body=body
        )

    def claim_declaration(
        self,
        span: Span,
        name: syntax.Name,
        documentation: syntax.Text | None,
        *body: syntax.Of | syntax.Expect,
    ) -> syntax.ClaimDeclaration:
        return syntax.ClaimDeclaration(span=span, name=name, documentation=documentation, body=body)

    def abstraction_declaration(
        self,
        span: Span,
        name: syntax.Name,
        fine: syntax.Name,
        coarse: syntax.Name,
        documentation: syntax.Text | None,
        *body: syntax.Assignment | None,
    ) -> syntax.AbstractionDeclaration:
        return syntax.AbstractionDeclaration(
            span=span,
            name=name,
            fine=fine,
            coarse=coarse,
            documentation=documentation,
            body=tuple(assignment for assignment in body if assignment is not None),
        )

    def derive_declaration(
        self,
        span: Span,
        name: syntax.Name,
        model: syntax.Name,
        documentation: syntax.Text | None,
        *body: syntax.Marginalize | syntax.Merge | syntax.Collapse,
    ) -> syntax.DeriveDeclaration:
        return syntax.DeriveDeclaration(
            span=span, name=name, model=model, documentation=documentation, body=body
        )
