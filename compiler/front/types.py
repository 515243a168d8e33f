"""Sets of values as domains: `0..9`, `{Yes, No}`, `words "names.txt"`, a table, a named tuple."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import lcm

from causalspec.compiler.domains import Domain, Numbers, Symbols, Truths, TupleField, Tuples
from causalspec.compiler.front.constants import constant_number, written_denominator
from causalspec.compiler.front.conversion import convert
from causalspec.compiler.front.files import read_words, report_cells
from causalspec.compiler.front.names import Compilation, distinct, duplicate
from causalspec.compiler.front.scopes import Environment
from causalspec.compiler.front.subexpressions import value_of
from causalspec.compiler.front.tables import ColumnsToRead, add_columns, table_rows
from causalspec.dsl import syntax

LARGEST_INTEGER = 2**31 - 1
LARGEST_DOMAIN = 2**62

BUILT_IN = ("bool", "words")
EMPTY = "write one value of the column's type, as in `country : words else Unknown`"


def domain_of(environment: Environment, written: syntax.ValueSet) -> Domain | None:
    """The domain that a type stands for, None with the reason reported."""
    match written:
        case syntax.NamedSet(name=name):
            return _named(environment.compilation, name)
        case syntax.RangeSet():
            return _range(environment, written)
        case syntax.ElementSet():
            return _elements(environment, written)
        case syntax.WordsSet(path=path):
            symbols = read_words(environment.compilation, path)
            return _remember(environment.compilation, symbols)
        case syntax.TupleSet():
            return _tuple(environment, written)


def is_plain_words(compilation: Compilation, written: syntax.ValueSet | None) -> bool:
    """Whether this is `words` without a file: whichever words occur."""
    if not (isinstance(written, syntax.NamedSet) and written.name.text == "words"):
        return False
    compilation.meanings.note(written.name.span, "type")
    return True


def _remember(compilation: Compilation, symbols: Symbols | None) -> Symbols | None:
    if symbols is not None and symbols not in compilation.symbol_sets:
        compilation.symbol_sets.append(symbols)
    return symbols


def _named(compilation: Compilation, name: syntax.Name) -> Domain | None:
    if name.text in BUILT_IN:
        compilation.meanings.note(name.span, "type")
    if name.text == "bool":
        return Truths()
    if name.text == "words":
        return compilation.error(
            "CS213",
            "`words` without a file has no values here",
            name.span,
            help='name a word list, as in `words "names.txt"`',
        )
    declaration = compilation.declaration(name)
    if declaration is None:
        types = compilation.names_of(syntax.TypeDeclaration, syntax.TableDeclaration)
        return compilation.unknown("type", name, (*types, *BUILT_IN))
    if not isinstance(declaration, syntax.TypeDeclaration | syntax.TableDeclaration):
        return compilation.wrong_kind(name, declaration, "not a type")
    return named_domain(compilation, name.text)


def named_domain(compilation: Compilation, name: str) -> Domain | None:
    """The domain of a declared type or table, computed once."""
    if name in compilation.domains:
        return compilation.domains[name]
    declaration = compilation.declared[name]
    if isinstance(declaration, syntax.TableDeclaration):
        _table(compilation, declaration)
    elif isinstance(declaration, syntax.TypeDeclaration):
        if _is_circular(compilation, declaration):
            compilation.domains[name] = None
            message = f"type `{name}` is declared in terms of itself"
            advice = "give one of the types its values, as in `0..9`"
            return compilation.error("CS208", message, declaration.name.span, help=advice)
        # A table that leads back here finds its own rows, which are known before their columns.
        domain = domain_of(Environment(compilation), declaration.type)
        if isinstance(domain, Symbols) and isinstance(declaration.type, syntax.ElementSet):
            domain = Symbols(domain.members, name)
        compilation.domains[name] = domain
    return compilation.domains[name]


def _is_circular(compilation: Compilation, declaration: syntax.TypeDeclaration) -> bool:
    """Whether a type's name comes again when its parts are followed."""
    todo: list[syntax.ValueSet] = [declaration.type]
    seen: set[str] = set()
    while todo:
        part = todo.pop()
        if isinstance(part, syntax.TupleSet):
            todo.extend(field.type for field in part.fields)
        elif isinstance(part, syntax.NamedSet):
            if part.name.text == declaration.name.text:
                return True
            target = compilation.declared.get(part.name.text)
            if isinstance(target, syntax.TypeDeclaration) and part.name.text not in seen:
                seen.add(part.name.text)
                todo.append(target.type)
    return False


def _range(environment: Environment, written: syntax.RangeSet) -> Numbers | None:
    compilation = environment.compilation
    if written.high is None:
        message = "a type needs an upper end"
        return compilation.error("CS301", message, written.span, help="write `0..9`")
    parts = [written.low, written.high, *([] if written.step is None else [written.step])]
    values = [constant_number(environment, part) for part in parts]
    found = [value for value in values if value is not None]
    if len(found) < len(parts):
        return None
    low, high, step = (*found, Fraction(1))[:3]
    if written.step is None and not (low.denominator == high.denominator == 1):
        advice = f"add a step, as in `{written.span.text} step 0.01`"
        return compilation.wrong("CS301", written, "does not say in which steps", help=advice)
    if step <= 0:
        return compilation.error("CS301", "a step must be larger than 0", parts[-1].span)
    if low > high:
        return compilation.wrong("CS301", written, "is empty", help="write the lower end first")
    if (high - low) % step:
        return compilation.error(
            "CS301",
            f"steps of {_decimal(step)} from {_decimal(low)} do not reach {_decimal(high)}",
            written.high.span,
            help=f"end at {_decimal(low + (high - low) // step * step)}",
        )
    domain = _evenly_spaced(low, high, step, parts)
    if max(abs(domain.low), abs(domain.high)) > LARGEST_INTEGER:
        return compilation.error(
            "CS920",
            f"the values of `{written.span.text}` do not fit into 32 bits",
            written.span,
            help=f"whole numbers and scaled decimals end at ±{LARGEST_INTEGER}",
        )
    return domain


def _evenly_spaced(
    low: Fraction, high: Fraction, step: Fraction, written: Sequence[syntax.Expression]
) -> Numbers:
    """Numbers with as many decimals as they are written with."""
    denominators = (number.denominator for number in (low, high, step))
    scale = lcm(*denominators, *map(written_denominator, written))
    return Numbers(int(low * scale), int(high * scale), int(step * scale), scale)


def _decimal(number: Fraction) -> str:
    return Numbers(number.numerator, number.numerator, 1, number.denominator).text(number.numerator)


def _elements(environment: Environment, written: syntax.ElementSet) -> Domain | None:
    compilation = environment.compilation
    elements = written.elements
    named = [element for element in elements if isinstance(element, syntax.Name | syntax.Text)]
    if len(named) == len(elements):
        seen: dict[str, syntax.Node] = {}
        for element in named:
            text = element.text if isinstance(element, syntax.Name) else element.value
            if seen.setdefault(text, element) is not element:
                duplicate(compilation, syntax.Name(text, span=element.span), seen[text].span)
            if isinstance(element, syntax.Name):
                compilation.meanings.declare_value(element)
        return _remember(compilation, Symbols(tuple(seen)))
    values: list[Fraction] = []
    for element in elements:
        value = constant_number(environment, element)
        if value is None:
            return None
        values.append(value)
    values.sort()
    step = values[1] - values[0] if len(values) > 1 else Fraction(1)
    if any(after - before != step for before, after in pairwise(values)) or step == 0:
        return compilation.error(
            "CS301",
            "the numbers of a type must be evenly spaced",
            written.span,
            help="name the values as symbols, or use the range and narrow it with `require`",
        )
    return _evenly_spaced(values[0], values[-1], step, elements)


def _tuple(environment: Environment, written: syntax.TupleSet) -> Tuples | None:
    names = distinct(environment.compilation, (field.name for field in written.fields))
    fields: list[TupleField] = []
    for field in written.fields:
        domain = (
            domain_of(environment, field.type) if names[field.name.text] is field.name else None
        )
        if domain is not None:
            fields.append(TupleField(field.name.text, domain, field.name.span))
    if len(fields) < len(written.fields):
        return None
    domain = Tuples(tuple(fields))
    if domain.size > LARGEST_DOMAIN:
        message = "this tuple has more than 2^62 values"
        return environment.compilation.error("CS921", message, written.span)
    return domain


def _table(compilation: Compilation, declaration: syntax.TableDeclaration) -> None:
    """Read a table: its rows first, for its columns may be of its own type."""
    name = declaration.name.text
    problems: list[str] = []
    read = table_rows(compilation, declaration, problems)
    compilation.domains[name] = None
    if read is None:
        return
    rows, text = read
    compilation.domains[name] = rows
    groups = [
        _columns(compilation, (declaration.key,), declaration.key_type, None),
        *(_columns(compilation, part.names, part.type, part.empty) for part in declaration.columns),
    ]
    unknown = None in groups
    for group in groups:
        if group is not None and not unknown:
            add_columns(group, text, rows, problems)
    if problems:
        report_cells(compilation, declaration.path, problems)
    if unknown or problems:
        compilation.domains[name] = None
        return
    compilation.symbol_sets.append(rows)
    for column in rows.columns[1:]:  # the key is the row itself
        if isinstance(column.domain, Symbols):
            _remember(compilation, column.domain)


def _columns(
    compilation: Compilation,
    names: tuple[syntax.Name, ...],
    type_: syntax.ValueSet | None,
    empty: syntax.Expression | None,
) -> ColumnsToRead | None:
    """The key or other columns of a table as they are declared, None with the reason reported."""
    if type_ is None or is_plain_words(compilation, type_):
        if empty is None:
            return ColumnsToRead(names, None)
        if isinstance(empty, syntax.Name):
            compilation.meanings.declare_value(empty)
            return ColumnsToRead(names, None, empty=empty.text)
        if isinstance(empty, syntax.Text) and empty.value:
            return ColumnsToRead(names, None, empty=empty.value)
        return compilation.wrong("CS343", empty, "is not a word", help=EMPTY)
    domain, written = domain_of(Environment(compilation), type_), type_.span.text
    if domain is None or empty is None:
        return None if domain is None else ColumnsToRead(names, domain, written)
    value = value_of(Environment(compilation), empty, domain)
    if value.domain is not None and value.constant is None:
        return compilation.wrong("CS343", empty, f"is not a value of `{written}`", help=EMPTY)
    code = convert(compilation, value, domain, empty.span).constant
    if value.domain is None or code is None:
        return None
    return ColumnsToRead(names, domain, written, domain.text(code))
