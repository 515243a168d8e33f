"""Alignments: where in a network each variable might live, and how its value is swapped there."""

from __future__ import annotations

from collections.abc import Mapping

from causalspec.compiler.front.designs import find_model
from causalspec.compiler.front.examples import target_variable
from causalspec.compiler.front.input_encoding import dimension_of
from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import Compilation, duplicate
from causalspec.compiler.front.token_positions import token_position
from causalspec.compiler.model import Role
from causalspec.compiler.specification import (
    Alignment,
    Anchor,
    Method,
    Placement,
    Task,
    TokenPosition,
    TokenRange,
)
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related

TOKEN_SITES = ("residual",)
LAYER_SITES = ("hidden",)
SITES = (*TOKEN_SITES, *LAYER_SITES)
LATER_SITES = (
    "attention_output", "mlp_output", "mlp_activation", "head", "query", "key", "value", "neuron",
)  # fmt: skip
DIMENSIONED = ("das", "boundless_das")
METHODS = (*DIMENSIONED, "full_vector")
MOST_LAYERS = 10_000


def compile_alignment(
    compilation: Compilation,
    declaration: syntax.AlignDeclaration,
    models: Mapping[str, ModelDraft],
    tasks: Mapping[str, Task],
) -> Alignment | None:
    """An `align` declaration, None when its model is missing."""
    draft = find_model(compilation, declaration.model, models)
    if draft is None:
        return None
    task = tasks.get(draft.task.name)
    if compilation.unread.is_inside(draft.task.declaration):
        task = None  # A prompt that could not be read may hold what seems to be missing.
    placements: list[Placement] = []
    placed: dict[str, syntax.Expression] = {}
    for statement in declaration.body:
        site = _site(compilation, statement, task)
        layers = _layers(compilation, statement)
        tokens = _tokens(compilation, statement, site, task)
        method = _method(compilation, statement.method)
        for written in statement.variables:
            one = target_variable(compilation, written, draft.variables, draft.environment)
            if one is None:
                continue
            if one.role is not Role.VARIABLE:
                compilation.error(
                    "CS704",
                    f"`{one.name}` is no `var` of `{draft.name}`: only variables are aligned",
                    written.span,
                    related=(Related(one.span, "declared here"),),
                )
                continue
            if one.name in placed:
                duplicate(
                    compilation, syntax.Name(one.name, span=written.span), placed[one.name].span
                )
                continue
            placed[one.name] = written
            if site is None or layers is None or tokens is None or method is None:
                continue
            first, last = layers
            placement = Placement(one.name, site, first, last, tokens, method, statement.span)
            placements.append(placement)
    if not declaration.body and not compilation.unread.is_inside(declaration):
        compilation.error(
            "CS704",
            f"`{declaration.name.text}` places no variable",
            declaration.name.span,
            help="add `var v at residual layers 0..* token last by das(dim = 16)`",
        )
    name = declaration.name
    return Alignment(name.text, draft.model, tuple(placements), name.span)


def _site(compilation: Compilation, statement: syntax.Placement, task: Task | None) -> str | None:
    site = statement.site
    supported = " and ".join(f"`{one}`" for one in SITES)
    if site.text in LATER_SITES:
        compilation.error(
            "CS705",
            f"the site `{site.text}` is not supported yet",
            site.span,
            help=f"supported are {supported}",
        )
        return None
    if site.text not in SITES:
        compilation.unknown("site", site, SITES, code="CS705", help=f"supported are {supported}")
        return None
    if task is not None and site.text in TOKEN_SITES and not task.prompts:
        compilation.error(
            "CS705",
            f"`{site.text}` needs tokens, but task `{task.name}` has no prompt",
            site.span,
            help="add a `prompt`, or align at `hidden`",
        )
        return None
    if task is not None and site.text in LAYER_SITES and task.encoding is None:
        compilation.error(
            "CS705",
            f"`{site.text}` needs vectors, but task `{task.name}` has no `encode`",
            site.span,
            help="add `encode vector { … }`, or align at `residual`",
        )
        return None
    return site.text


def _layers(compilation: Compilation, statement: syntax.Placement) -> tuple[int, int | None] | None:
    written = statement.layers
    match written:
        case None:
            return 0, None
        case syntax.RangeSet(low=low, high=None, step=None):
            first = _layer(compilation, low)
            return None if first is None else (first, None)
        case syntax.RangeSet(low=low, high=syntax.Number() as high, step=None):
            first, last = _layer(compilation, low), _layer(compilation, high)
            if first is None or last is None:
                return None
            if first > last:
                compilation.error(
                    "CS706",
                    f"the layers `{written.span.text}` are empty",
                    written.span,
                    help="write the lower layer first",
                )
                return None
            return first, last
        case syntax.Number():
            first = _layer(compilation, written)
            return None if first is None else (first, first)
        case _:
            _bad_layers(compilation, written)
            return None


def _layer(compilation: Compilation, written: syntax.Expression) -> int | None:
    if isinstance(written, syntax.Number) and not written.decimals:
        if written.scaled <= MOST_LAYERS:
            return written.scaled
        compilation.error("CS706", f"no network has a layer {written.text}", written.span)
        return None
    _bad_layers(compilation, written)
    return None


def _bad_layers(compilation: Compilation, written: syntax.Node) -> None:
    compilation.error(
        "CS706",
        f"`{written.span.text}` is no range of layers",
        written.span,
        help="write `layers 5`, `layers 2..8` or `layers 0..*`",
    )


def _tokens(
    compilation: Compilation, statement: syntax.Placement, site: str | None, task: Task | None
) -> tuple[TokenPosition | TokenRange, ...] | None:
    if site is None:
        return None
    if site in LAYER_SITES:
        if statement.tokens:
            compilation.error(
                "CS707",
                f"`{site}` has no tokens",
                statement.tokens[0].span,
                help="leave `token …` out",
            )
            return None
        return ()
    if not statement.tokens:
        compilation.error(
            "CS707",
            f"`{site}` needs a token",
            statement.site.span,
            help="add `token last`, or `token slot(…).last`",
        )
        return None
    positions = [token_position(compilation, one, task) for one in statement.tokens]
    whole = [one for one in positions if one is not None]
    if len(whole) < len(positions):
        return None
    if len(whole) == 1:
        return (whole[0],)
    for one, written in zip(whole, statement.tokens, strict=True):
        if one.anchor is Anchor.ALL:
            compilation.error("CS707", "`all` is no end of a range", written.span)
            return None
    return (TokenRange(whole[0], whole[1]),)


def _method(compilation: Compilation, written: syntax.Call) -> Method | None:
    name = written.function.text
    if name in DIMENSIONED:
        dimension = dimension_of(compilation, written)
        return None if dimension is None else Method(name, (("dim", dimension),))
    if name in METHODS:
        if written.arguments:
            compilation.error("CS207", f"`{name}` takes no arguments", written.span)
            return None
        return Method(name)
    compilation.unknown("method", written.function, METHODS, code="CS708")
    return None
