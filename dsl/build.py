"""Lark's tree to nodes of `syntax`.

A rule is named as the class of its nodes, and its parts are written in the order of the fields. The
methods are for the few rules of which that is not all there is to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any, Final, TypeAlias, TypeVar, cast

from lark import Token
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive, v_args  # pyright: ignore[reportUnknownVariableType]

from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.limits import LARGEST_INTEGER
from causalspec.dsl.source import Source, Span
from causalspec.dsl.texts import ParseSlot, template_of, text_of

LISTS: Final = frozenset(
    {
        *(
            "start",
            "columns",
            "column_names",
            "parameters",
            "declarators",
            "assignments",
            "targets",
        ),
        *("tokens", "arms", "arguments", "patterns", "otherwise", "swap_items", "split_parts"),
        "expressions",
    }
)
"""Rules that only list their parts; one that is optional and not written is None."""


def _snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


Fields: TypeAlias = tuple[bool, ...]
"""Of each field of a class but its span, whether it is a tuple."""

NODES: Final[dict[str, tuple[Callable[..., syntax.Node], Fields]]] = {
    _snake_case(name): (
        node,
        tuple(part.type.startswith("tuple[") for part in fields(node) if part.name != "span"),  # pyright: ignore
    )
    for name, node in vars(syntax).items()
    if isinstance(node, type) and issubclass(node, syntax.Node) and node is not syntax.Node
}


BuilderClass = TypeVar("BuilderClass")


def _with_parts(builder: type[BuilderClass]) -> type[BuilderClass]:
    """Has each method called with where its rule stands, and with the nodes of the parts."""
    return cast("Any", v_args)(inline=True, meta=True)(builder)


@_with_parts
class Builder(Transformer_NonRecursive[Token, Any]):
    """Builds the nodes of one source; `parse_slot` reads what a template holds between braces."""

    def __init__(self, source: Source, parse_slot: ParseSlot, diagnostics: Diagnostics) -> None:
        super().__init__(visit_tokens=False)
        self._source = source
        self._parse_slot = parse_slot
        self._diagnostics = diagnostics

    def __default__(self, data: str, children: list[Any], meta: Meta) -> Any:
        if data in LISTS:
            return tuple(part for part in children if part is not None)
        node, are_tuples = NODES[data]
        last = len(are_tuples) - 1
        if are_tuples[last] and not (
            len(children) == last + 1 and isinstance(children[last], tuple | None)
        ):
            # The last field takes all parts that are left.
            children[last:] = [tuple(part for part in children[last:] if part is not None)]
        return node(
            *(
                () if is_tuple and part is None else str(part) if isinstance(part, Token) else part
                for part, is_tuple in zip(children, are_tuples, strict=True)
            ),
            span=self._span(meta),
        )

    def _span(self, meta: Meta) -> Span:
        if meta.empty:
            return Span(self._source, 0, 0)
        return Span(self._source, meta.start_pos, meta.end_pos)

    # Leaves ---------------------------------------------------------------------------------

    def name(self, meta: Meta, token: Token) -> syntax.Name:
        return syntax.Name(str(token), span=self._span(meta))

    def instance(
        self, meta: Meta, name: syntax.Name, settings: tuple[syntax.Argument, ...]
    ) -> syntax.Instance:
        return syntax.Instance(name.text, settings, span=name.span)

    def number(self, meta: Meta, token: Token) -> syntax.Number:
        """A literal; one beyond the limit is reported and stands in the tree as zero."""
        digits = token.replace("_", "").replace(".", "").lstrip("0")
        # The length first: Python refuses to convert texts of thousands of digits.
        if len(digits) <= len(str(LARGEST_INTEGER)) and int(digits or "0") <= LARGEST_INTEGER:
            return syntax.Number(str(token), span=self._span(meta))
        shown = str(token) if len(token) <= 24 else f"{token[:20]}…"
        scaled = ", counted in units of its last decimal" if "." in token else ""
        self._diagnostics.error(
            "CS903",
            f"the number `{shown}` is larger than {LARGEST_INTEGER}{scaled}",
            self._span(meta),
            help="integers lie within ±(2^31 - 1), decimals likewise once their point is left out",
        )
        return syntax.Number("0", span=self._span(meta))

    def text(self, meta: Meta, token: Token) -> syntax.Text:
        return text_of(self._source, token, self._diagnostics)

    def template(self, meta: Meta, token: Token) -> syntax.Template:
        return template_of(self._source, token, self._parse_slot, self._diagnostics)

    def truth(self, meta: Meta, token: Token) -> syntax.Truth:
        return syntax.Truth(token == "true", span=self._span(meta))

    def open_end(self, meta: Meta) -> None:
        return None

    # Expressions ----------------------------------------------------------------------------

    def logical(self, meta: Meta, *chain: Any) -> syntax.Logical:
        return syntax.Logical(cast("Any", str(chain[1])), chain[::2], span=self._span(meta))

    def comparison(self, meta: Meta, *chain: Any) -> syntax.Comparison:
        operators = cast("Any", tuple(str(operator) for operator in chain[1::2]))
        return syntax.Comparison(chain[::2], operators, span=self._span(meta))

    def membership(
        self,
        meta: Meta,
        operand: syntax.Expression,
        negation: Token | None,
        values: syntax.ValueSet,
    ) -> syntax.Membership:
        return syntax.Membership(operand, values, negation is not None, span=self._span(meta))

    def binary(
        self, meta: Meta, left: syntax.Expression, operator: Token, right: syntax.Expression
    ) -> syntax.Binary:
        return syntax.Binary(cast("Any", str(operator)), left, right, span=self._span(meta))

    def slot(
        self, meta: Meta, value: syntax.Expression | syntax.TextLoop, alias: syntax.Name | None
    ) -> tuple[syntax.Expression | syntax.TextLoop, syntax.Name | None]:
        return value, alias

    # Statements and declarations ------------------------------------------------------------

    def say(
        self, meta: Meta, output: syntax.Expression, prompt: syntax.Name | None, body: Any
    ) -> syntax.Say:
        if not isinstance(body, syntax.Template | syntax.RightTexts):
            place, arms = body
            body = syntax.TemplateMatch(output, arms, span=place)
        return syntax.Say(output, prompt, body, span=self._span(meta))

    def say_match(self, meta: Meta, *arms: syntax.Arm) -> tuple[Span, tuple[syntax.Arm, ...]]:
        return self._span(meta), arms

    def right_texts(self, meta: Meta, *parts: Any) -> syntax.RightTexts:
        """The texts come first among `parts`, then what a loop over them has."""
        texts = tuple(part for part in parts if isinstance(part, syntax.Template))
        loop = [part for part in parts if not isinstance(part, syntax.Template | Token)]
        return syntax.RightTexts(texts, *loop, span=self._span(meta))

    def token_offset(self, meta: Meta, sign: Token, distance: syntax.Number) -> int:
        if distance.decimals:
            self._diagnostics.error(
                "CS116",
                f"tokens are counted in whole numbers, not `{distance.text}`",
                distance.span,
            )
            return 0
        return distance.scaled if sign == "+" else -distance.scaled

    def token_position(
        self, meta: Meta, anchor: syntax.Name, argument: Any, part: Any, offset: int | None
    ) -> syntax.TokenPosition:
        return syntax.TokenPosition(anchor, argument, part, offset or 0, span=self._span(meta))

    def model_kind(self, meta: Meta, word: Token) -> Token:
        return word

    def model_declaration(
        self, meta: Meta, name: syntax.Name, task: syntax.Name, *parts: Any
    ) -> syntax.ModelDeclaration:
        """The kinds come first among `parts`, then the documentation or None, then the body."""
        kinds = [str(part) for part in parts if isinstance(part, Token)]
        documentation, *body = parts[len(kinds) :]
        return syntax.ModelDeclaration(
            name,
            task,
            approximately="approximately" in kinds,
            cyclic="cyclic" in kinds,
            documentation=documentation,
            body=tuple(body),
            span=self._span(meta),
        )
