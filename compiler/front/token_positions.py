"""Token positions: where in every prompt a variable might live."""

from __future__ import annotations

from collections.abc import Sequence

from causalspec.compiler.entries import SiteEntry
from causalspec.compiler.front.names import Compilation
from causalspec.compiler.placement import Anchor, TokenPosition, TokenRange
from causalspec.compiler.specification import PromptTemplate, Task
from causalspec.compiler.vocabulary import ANCHORS
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related


def tokens_of(
    compilation: Compilation,
    statement: syntax.Placement,
    sites: Sequence[SiteEntry],
    task: Task | None,
) -> tuple[TokenPosition | TokenRange, ...] | None:
    """The tokens of a placement at these sites, () for none, None with the reason reported."""
    if not statement.tokens:
        needing = next((one for one in sites if one.tokens), None)
        if needing is None:
            return ()
        return compilation.error(
            "CS707",
            f"`{needing.name}` needs a token",
            statement.site.span,
            help="add `token last`, or `token slot(…).last`",
        )
    refusing = next((one for one in sites if not (one.tokens or one.by_path)), None)
    if refusing is not None or (task is not None and not task.prompts):
        what = f"`{refusing.name}`" if refusing is not None else "an input without a prompt"
        return compilation.error(
            "CS707", f"{what} has no tokens", statement.tokens[0].span, help="leave `token …` out"
        )
    positions = [token_position(compilation, one, task) for one in statement.tokens]
    whole = [one for one in positions if one is not None]
    if len(whole) < len(positions):
        return None
    if len(whole) == 1:
        if statement.together is not None and whole[0].anchor is not Anchor.ALL:
            return compilation.error(
                "CS730",
                f"`{whole[0].text}` is one token: there is nothing to take together",
                statement.together.span,
                help="leave `together` out, or write a range such as `slot(x).first .. last`",
            )
        return (whole[0],)
    for one, written in zip(whole, statement.tokens, strict=True):
        if one.anchor is Anchor.ALL:
            return compilation.error("CS707", "`all` is not an end of a range", written.span)
    return (TokenRange(whole[0], whole[1]),)


def token_position(
    compilation: Compilation, written: syntax.TokenPosition, task: Task | None
) -> TokenPosition | None:
    """A written position, None with the reason reported."""
    name = written.anchor.text
    if name not in list(Anchor):
        return compilation.unknown("token anchor", written.anchor, list(Anchor), code="CS707")
    anchor = Anchor(name)
    compilation.meanings.note(written.anchor.span, ANCHORS[name])
    argument: str | None = None
    if anchor in (Anchor.SLOT, Anchor.TEXT):
        argument = _argument(compilation, written, anchor, task)
        if argument is None:
            return None
    elif written.argument is not None or written.part is not None:
        place = written.argument or written.part
        assert place is not None
        return compilation.error("CS707", f"`{name}` takes nothing more", place.span)
    if anchor is Anchor.ALL and written.offset:
        return compilation.error("CS707", "`all` cannot be moved", written.span)
    part = _part(compilation, written, anchor)
    if part is None:
        return None
    return TokenPosition(anchor, argument, part, written.offset, written.span)


def _part(compilation: Compilation, written: syntax.TokenPosition, anchor: Anchor) -> int | None:
    match written.part:
        case None:
            if anchor in (Anchor.SLOT, Anchor.TEXT):
                example = f"{written.span.text}.last"
                return compilation.wrong(
                    "CS707", written, "can be several tokens", help=f"say which, as in `{example}`"
                )
            return -1
        case syntax.Name(text="first"):
            return 0
        case syntax.Name(text="last"):
            return -1
        case syntax.Number() as number if not number.decimals:
            return number.scaled
        case syntax.Name() as name:
            compilation.unknown("part", name, ("first", "last"), code="CS707")
        case other:
            compilation.wrong("CS707", other, "is not a number of a token")
    return None


def _argument(
    compilation: Compilation, written: syntax.TokenPosition, anchor: Anchor, task: Task | None
) -> str | None:
    if written.argument is None:
        example = "slot(amount).last" if anchor is Anchor.SLOT else 'text("dollars").last'
        return compilation.error(
            "CS707",
            f"`{anchor.value}` needs to know which",
            written.anchor.span,
            help=f"as in `{example}`",
        )
    prompts = tuple(task.prompts.values()) if task is not None else ()
    if anchor is Anchor.TEXT:
        if not isinstance(written.argument, syntax.Text) or not written.argument.value:
            return compilation.wrong("CS707", written.argument, "is not a quoted text")
        _check_text(compilation, written.argument, prompts)
        return written.argument.value
    name = " ".join(written.argument.span.text.split())
    _check_slot(compilation, name, written.argument, prompts)
    return name


def _check_slot(
    compilation: Compilation,
    name: str,
    written: syntax.Expression,
    prompts: tuple[PromptTemplate, ...],
) -> None:
    """Every prompt must render a slot that tokens are counted from, whichever arm it takes."""
    lacking = [one for one in prompts if one.arms and name not in one.slots]
    known = list(dict.fromkeys(slot for one in prompts if one.arms for slot in one.slots))
    if lacking and name not in known:
        leaf = syntax.Name(name, span=written.span)
        compilation.unknown("slot", leaf, known, code="CS603")
    elif lacking:
        compilation.error(
            "CS603",
            f"prompt `{lacking[0].name}` does not always render the slot `{name}`",
            written.span,
            help="render it in every prompt and arm, or align at a slot that all have",
            related=(Related(lacking[0].span, "this prompt"),),
        )


def _check_text(
    compilation: Compilation, written: syntax.Text, prompts: tuple[PromptTemplate, ...]
) -> None:
    """A text that tokens are counted from must stand in the fixed text of every prompt."""
    for prompt in prompts:
        for arm in prompt.arms:
            if not any(isinstance(one, str) and written.value in one for one in arm.parts):
                compilation.error(
                    "CS604",
                    f"prompt `{prompt.name}` does not always hold the text `{written.value}`",
                    written.span,
                    help="choose a text between the slots of every prompt",
                    related=(Related(prompt.span, "this prompt"),),
                )
                return
