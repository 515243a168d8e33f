"""A model on a page: its variables with their values and mechanisms, as LaTeX or as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from causalspec.compiler.domains import Domain, Numbers, Truths, Tuples
from causalspec.compiler.front.values import described, listed
from causalspec.compiler.model import CausalModel, Role
from causalspec.compiler.views.families import INDEX, Line, lines
from causalspec.compiler.views.plain_text import UNICODE, condition_text, mechanism_text
from causalspec.compiler.views.symbolic import (
    condition_latex,
    escaped,
    mechanism_latex,
    variable_latex,
)
from causalspec.dsl.display import visible

_MOST_WORDS = 4


def latex_table(model: CausalModel) -> str:
    """A `tabular` for LaTeX with `amsmath`: variable, values, mechanism."""
    return "\n".join(map(visible, _latex_lines(model))) + "\n"


def _latex_lines(model: CausalModel) -> Iterator[str]:
    yield f"% {' '.join(model.name.split())}: needs amsmath"
    yield "\\begin{tabular}{lll}"
    yield "variable & values & mechanism \\\\"
    yield "\\hline"
    for line in lines(model):
        variable = line.variable
        shown = f"${variable_latex(line.name)}$"
        values = f"${_latex_domain(variable.domain)}$"
        if variable.mechanism is None:
            mechanism = str(variable.role)
        else:
            _, _, formula = mechanism_latex(line.model, line.name).partition(" = ")
            mechanism = f"$\\displaystyle {formula}$"
        if line.indices is not None:
            mechanism += f" for ${INDEX} = {line.indices[0]}, \\dots, {line.indices[1]}$"
        yield f"{shown} & {values} & {mechanism} \\\\"
    if model.requirement is not None:
        yield f" & & where $\\displaystyle {condition_latex(model, model.requirement)}$ \\\\"
    yield "\\end{tabular}"


def _latex_domain(domain: Domain) -> str:
    match domain:
        case Truths():
            return "\\{\\bot, \\top\\}"
        case Numbers():
            first = [domain.text(code) for code in domain.codes()[:2]]
            if domain.size <= 3:
                return f"\\{{{', '.join(domain.text(code) for code in domain.codes())}\\}}"
            return f"\\{{{', '.join(first)}, \\dots, {domain.text(domain.codes()[-1])}\\}}"
        case Tuples(fields=fields):
            return " \\times ".join(_latex_domain(field.domain) for field in fields)
        case _:
            words = [
                f"\\text{{{escaped(domain.text(code))}}}" for code in domain.codes()[:_MOST_WORDS]
            ]
            rest = ", \\dots" if domain.size > len(words) else ""
            return f"\\{{{', '.join(words)}{rest}\\}}"


# Markdown ----------------------------------------------------------------------------------------


def markdown_table(model: CausalModel) -> str:
    """The same as a table in Markdown, its mathematics in Unicode characters on one line each."""
    return "\n".join(map(visible, _markdown_lines(model))) + "\n"


def _markdown_lines(model: CausalModel) -> Iterator[str]:
    yield f"### {_cell(model.name)}"
    yield ""
    if model.documentation:
        yield " ".join(_cell(model.documentation).split())
        yield ""
    yield "| variable | kind | values | mechanism |"
    yield "|---|---|---|---|"
    for line in lines(model):
        yield f"| {' | '.join(_markdown_cells(line))} |"
    if model.requirement is not None:
        yield ""
        yield f"where {_code(condition_text(model, model.requirement, UNICODE))}"


def _markdown_cells(line: Line) -> Iterator[str]:
    variable = line.variable
    yield _code(line.name)
    yield "abbreviation" if variable.role is Role.ABBREVIATION else str(variable.role)
    yield _cell(_text_domain(variable.domain))
    span = "" if line.indices is None else f", {INDEX} = {line.indices[0]}..{line.indices[1]}"
    if variable.mechanism is None:
        yield span.removeprefix(", ")
    else:
        yield _code(mechanism_text(line.model, line.name, UNICODE)) + span


def _text_domain(domain: Domain) -> str:
    words = described(domain)
    if isinstance(domain, Tuples):
        fields = (f"{field.name} : {_text_domain(field.domain)}" for field in domain.fields)
        return f"({', '.join(fields)})"
    if isinstance(domain, Numbers):
        return words.removeprefix("numbers ").removeprefix("the number ")
    if domain.size > _MOST_WORDS:
        return f"{words} ({domain.size:,} values)"
    if isinstance(domain, Truths):
        return words
    return listed(tuple(domain.text(code) for code in domain.codes()))


def _code(text: str) -> str:
    """Code in a cell: a bar would end it."""
    return f"`{text.replace('`', chr(39))}`".replace("|", "\\|")


def _cell(text: str) -> str:
    for mark in "\\<>*_[]|`#":
        text = text.replace(mark, f"\\{mark}")
    return text
