"""Slots of templates: values, choices of texts, words in another form, and loops over a family."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice

from causalspec.compiler.domains import Domain, Numbers, Rows, Symbols, Truths, Tuples
from causalspec.compiler.expressions import Lookup
from causalspec.compiler.front.arithmetic import number
from causalspec.compiler.front.calls import indices_of
from causalspec.compiler.front.conversion import position
from causalspec.compiler.front.elaborate import elaborate
from causalspec.compiler.front.names import Compilation
from causalspec.compiler.front.patterns import LARGEST_TABLE
from causalspec.compiler.front.scopes import Environment
from causalspec.compiler.front.values import POISONED, Value, described
from causalspec.compiler.specification import SlotValue
from causalspec.compiler.word_forms import FORMS
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related

FORMAT = re.compile(r"(?P<width>0?[1-9][0-9]?)?(?:\.(?P<decimals>[0-9]{1,2})f|d)?")
MOST_PARTS = 10_000
"""So many slots and pieces of text may be in one template, its loops written out."""

Parts = tuple[str | SlotValue, ...]


def parts_of_template(
    environment: Environment,
    template: syntax.Template,
    slots: dict[str, syntax.Slot] | None = None,
) -> Parts:
    """What a template writes, its loops written out. `slots` are those that the same prompt has
    already, by name; those of this template are added.
    """
    writing = _Writing({} if slots is None else slots, {})
    parts = tuple(islice(writing.parts(environment, template), MOST_PARTS + 1))
    if len(parts) > MOST_PARTS:
        message = f"this text would have more than {MOST_PARTS:_} slots and pieces of text"
        environment.compilation.error("CS924", message, template.span, help="loop over fewer")
        return ()
    return parts


@dataclass(frozen=True, slots=True)
class _Writing:
    """A prompt while its parts are found, with the index of every loop that is being written."""

    slots: dict[str, syntax.Slot]
    indices: Mapping[str, int]

    def parts(
        self, environment: Environment, template: syntax.Template
    ) -> Iterator[str | SlotValue]:
        for part in template.parts:
            if isinstance(part, syntax.Verbatim):
                yield part.text
            elif isinstance(part.value, syntax.TextLoop):
                yield from self._loop(environment, part, part.value)
            else:
                yield from self._slot(environment, part, part.value)

    def _loop(
        self, environment: Environment, slot: syntax.Slot, loop: syntax.TextLoop
    ) -> Iterator[str | SlotValue]:
        compilation = environment.compilation
        for written, what in ((slot.alias, "name"), (slot.format, "format")):
            if written is not None:
                message = f"a loop has many texts, and no {what} of its own"
                advice = f"give the {what} to a slot in it, as in `{{item[i] as thing}}`"
                compilation.error("CS631", message, slot.span, help=advice)
                return
        indices = indices_of(environment, loop.range)
        for place, index in enumerate(indices or ()):
            if place and loop.separator is not None and loop.separator.value:
                yield loop.separator.value
            inner = environment.inner(loop.index, number(Fraction(index)))
            within = replace(self, indices={**self.indices, loop.index.text: index})
            mistakes = len(compilation.diagnostics.found)
            yield from within.parts(inner, loop.template)
            if len(compilation.diagnostics.found) > mistakes:
                # The other indices would say the same again.
                return

    def _name(self, slot: syntax.Slot, value: syntax.Expression) -> str:
        """How a slot is called: as it is written, with the numbers of indices in their place."""
        if slot.alias is not None:
            return slot.alias.text + "".join(f"[{index}]" for index in self.indices.values())
        written = " ".join(value.span.text.split())
        for name, index in self.indices.items():
            written = re.sub(rf"(?<![\w.]){name}\b", str(index), written)
        return written

    def _slot(
        self, environment: Environment, part: syntax.Slot, written: syntax.Expression
    ) -> Iterator[str | SlotValue]:
        compilation = environment.compilation
        value = slot_value(environment, written)
        name = self._name(part, written)
        alias = None if part.alias is None else part.alias.span
        if self.indices and value.constant is not None and part.format is None and alias is None:
            # A number of the loop, the same in every row: it is text.
            yield value.domain.text(value.constant) if value.domain is not None else ""
            return
        first = self.slots.setdefault(name, part)
        if first is not part:
            compilation.error(
                "CS601",
                f"this prompt has two slots called `{name}`",
                alias or written.span,
                help=f"name one of them, as in `{{{written.span.text} as {_fresh(name)}}}`",
                related=(Related(first.span, "the first one"),),
            )
        elif value.domain is None:
            # It stands for the slot, so that whoever asks for the slot by name stays silent.
            yield SlotValue(name, value.node, Truths(), span=alias)
        elif isinstance(value.domain, Tuples):
            says = "is a tuple, which a prompt cannot show"
            compilation.wrong("CS205", written, says, help="show its fields")
        elif part.format is None or _check_format(compilation, part, value.domain):
            yield SlotValue(name, value.node, value.domain, part.format, alias)


# Values of slots ----------------------------------------------------------------------------------


def slot_value(environment: Environment, written: syntax.Expression) -> Value:
    """What a slot shows: a value, one of some texts, or the word of a value in another form."""
    texts = list(_texts(written))
    if texts:
        slots = [text for text in texts if re.search("[{}]", text.value)]
        if slots:
            environment.compilation.error(
                "CS630",
                "a text that is chosen in a slot has no slots or braces of its own",
                slots[0].span,
                help="put the slot beside the choice, or choose among whole prompts with "
                "`prompt p match x { … }`",
            )
            return POISONED
        members = tuple(dict.fromkeys(text.value for text in texts))
        return elaborate(environment, written, Symbols(members))
    if isinstance(written, syntax.Call):
        name, compilation = written.function, environment.compilation
        declared = compilation.declared.get(name.text)
        if name.text in FORMS and not isinstance(declared, syntax.FunctionDeclaration):
            return _in_form(environment, written)
        if name.text.lower() == "an" and declared is None:
            advice = f"`{name.text[0]}(…)` writes `{name.text}` where the word starts with a vowel"
            message = f"unknown function `{name.text}`"
            return compilation.error("CS201", message, name.span, help=advice) or POISONED
    return elaborate(environment, written)


def _texts(written: syntax.Expression) -> Iterator[syntax.Text]:
    """The quoted texts that a slot may show."""
    match written:
        case syntax.Text():
            yield written
        case syntax.Match(arms=arms):
            for arm in arms:
                if not isinstance(arm.result, syntax.Template | syntax.RightTexts):
                    yield from _texts(arm.result)
        case syntax.Conditional(then=then, otherwise=otherwise):
            yield from _texts(then)
            yield from _texts(otherwise)
        case _:
            pass


def _in_form(environment: Environment, call: syntax.Call) -> Value:
    """`a(noun)`, `plural(noun)`: every word of the noun's type in that form."""
    compilation, name = environment.compilation, call.function.text
    if len(call.arguments) != 1 or call.arguments[0].name is not None:
        message = f"`{name}` takes one word, but is given {len(call.arguments)}"
        return compilation.error("CS207", message, call.span) or POISONED
    compilation.meanings.note(call.function.span, "text form")
    argument = call.arguments[0].value
    noun = slot_value(environment, argument)
    if noun.domain is None:
        return POISONED
    if not isinstance(noun.domain, Symbols | Rows) or noun.domain.size > LARGEST_TABLE:
        says = f"is {described(noun.domain)}, not a word"
        return compilation.wrong("CS632", argument, says) or POISONED
    texts = [FORMS[name](noun.domain.text(code)) for code in noun.domain.codes()]
    members = {text: code for code, text in enumerate(dict.fromkeys(texts))}
    table = tuple(members[text] for text in texts)
    shown = Symbols(tuple(members))
    if len(members) == len(texts):
        return Value(noun.node, shown)
    return Value(Lookup(table, position(noun.node, noun.domain)), shown)


def _fresh(name: str) -> str:
    letters = re.sub(r"\W+", "_", name).strip("_")
    return f"{letters}2"


def _check_format(compilation: Compilation, slot: syntax.Slot, domain: Domain) -> bool:
    """A format must exist, fit the values, and never round: two values would look the same."""
    assert slot.format is not None
    found = FORMAT.fullmatch(slot.format)
    problem = help_text = None
    if found is None or not slot.format:
        problem = f"unknown format `{slot.format}`"
        help_text = "formats are a number of decimals, `.2f`, and a width, `4` or `04`"
        written, named, name = slot.format.partition(" as ")
        if named:
            shown = f"{{{slot.value.span.text} as {name.strip()}:{written.strip()}}}"
            help_text = f"a slot's name stands before its format: `{shown}`"
    elif not isinstance(domain, Numbers):
        if found["decimals"] is not None or slot.format.endswith("d") or slot.format[0] == "0":
            problem = f"the format `{slot.format}` is for numbers, not for {described(domain)}"
    else:
        decimals = int(found["decimals"] or 0)
        rounds = any(code * 10**decimals % domain.denominator for code in (domain.low, domain.step))
        if (found["decimals"] is not None or slot.format.endswith("d")) and rounds:
            problem = f"the format `{slot.format}` would round {described(domain)}"
            help_text = "show as many decimals as the values have"
    if problem is not None:
        compilation.error("CS602", problem, slot.span, help=help_text)
    return problem is None
