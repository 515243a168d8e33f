"""Specs as pytest items: each example, each check and, given a network, each claim of a file.

Active wherever causalspec is installed beside pytest. Where no `.causal` file is collected it costs
nothing: everything but pytest itself is imported when the first spec is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from fractions import Fraction

    from causalspec.compiler import CheckedFile, Examination, Specification
    from causalspec.dsl.diagnostics import Diagnostic
    from causalspec.dsl.source import Span
    from causalspec.runtime import TaskNetwork

WIDTH: Final = 96
"""Columns of a failure's text: pytest's own summaries are cut, quoted lines should not be."""


class SpecFailure(Exception):  # noqa: N818 (a failure of a test, not an error)
    """Why an item fails, for people: there is no traceback worth showing."""


class SpecWarning(pytest.PytestWarning):
    """A warning about a spec; `-W error` makes a failure of it, as of any other."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the plugin's options."""
    group = parser.getgroup("causalspec", "specs of causal hypotheses")
    group.addoption(
        "--causalspec-network",
        metavar="WHERE",
        help="verify each claim against this network: a folder, a GGUF file, a hub name",
    )
    group.addoption(
        "--causalspec-results",
        metavar="FOLDER",
        type=Path,
        default=Path("results"),
        help="where claims leave their reports (default: results)",
    )
    group.addoption(
        "--causalspec-set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a parameter's value in the place of the declared one, in the specs that have it: "
        "digits=4, or Addition.digits=4 for one of several tasks; can be given again",
    )
    parser.addini(
        "causalspec_set",
        "parameters' values, NAME=VALUE each, in the specs that have them; --causalspec-set wins",
        type="linelist",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Read what parameters are set to: a mistake there ends the run before it begins."""
    written = [
        *((text, "causalspec_set") for text in config.getini("causalspec_set") or ()),
        *((text, "--causalspec-set") for text in config.getoption("--causalspec-set") or ()),
    ]
    if not written:
        return
    from argparse import ArgumentTypeError

    from causalspec.commands.arguments import parameter_setting

    settings: dict[str, dict[str, Fraction]] = {}
    for text, option in written:
        try:
            name, value = parameter_setting(text)
        except ArgumentTypeError as error:
            raise pytest.UsageError(f"{option}: {error}") from error
        chosen = settings.setdefault(option, {})
        if name in chosen:
            raise pytest.UsageError(f"{option} sets `{name}` twice")
        chosen[name] = value
    config.stash[PARAMETERS] = {name: value for s in settings.values() for name, value in s.items()}


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse parameters that no collected spec has: they would change nothing, silently."""
    known = session.config.stash.get(KNOWN_PARAMETERS, None)
    if known is None:
        return
    for name in session.config.stash.get(PARAMETERS, NO_PARAMETERS):
        if name not in known:
            from causalspec.dsl.diagnostics import suggestion

            raise pytest.UsageError(
                f"--causalspec-set: no spec has a parameter `{name}`; {suggestion(name, known)}"
            )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> SpecFile | None:
    """Take files that end in `.causal`."""
    if file_path.suffix != ".causal":
        return None
    return SpecFile.from_parent(parent, path=file_path)  # pyright: ignore[reportUnknownMemberType]


class SpecFile(pytest.File):
    """One spec: checked once, when it is collected."""

    def collect(self) -> Iterator[pytest.Item]:
        """The file as a whole, then its examples and checks, then its claims."""
        from causalspec.commands.specs import parameters_of
        from causalspec.dsl.diagnostics import ToolFailure

        try:
            name = Path(os.path.relpath(self.path, self.config.rootpath))
            checked = _checked(self.path, name, self.config.stash.get(PARAMETERS, NO_PARAMETERS))
        except ToolFailure as failure:
            raise self.CollectError(str(failure)) from failure
        known = self.config.stash.setdefault(KNOWN_PARAMETERS, {})
        if checked.specification is not None:
            known |= dict.fromkeys(parameters_of(checked.specification))
        elif PARAMETERS in self.config.stash:  # a broken spec may be the one that has them
            known |= dict.fromkeys(self.config.stash[PARAMETERS])
        yield _item(self, "valid", lambda item: _warn_or_fail(item, checked))
        seen: dict[str, int] = {}
        for examination in checked.examinations:
            name = examination.question.replace("`", "")
            seen[name] = seen.get(name, 0) + 1
            number = f" ({seen[name]})" if seen[name] > 1 else ""
            answer = partial(_answer, checked=checked, examination=examination)
            yield _item(self, name + number, answer, examination.span)
        network: str | None = self.config.getoption("--causalspec-network")
        specification = checked.specification
        if network is not None and specification is not None:
            for name, claim in specification.claims.items():
                verified = partial(_verify, specification=specification, claim=name)
                yield _item(self, f"claim {name}", verified, claim.span)


def _item(
    parent: SpecFile, name: str, run: Callable[[SpecItem], None], span: Span | None = None
) -> SpecItem:
    """An item of a file, at the line of a span."""
    kind: Any = SpecItem  # pytest leaves the types of its own arguments open
    item: SpecItem = kind.from_parent(parent, name=name)
    item.run = run
    if span is not None:
        item.line = span.source.position(span.start)[0] - 1
    return item


def _checked(path: Path, name: Path, settings: Mapping[str, Fraction]) -> CheckedFile:
    """Check a file under the name that it has in reports."""
    from causalspec.compiler import CheckedFile, check_source
    from causalspec.dsl.diagnostics import Diagnostics
    from causalspec.dsl.reading import read_source

    diagnostics = Diagnostics()
    source = read_source(path, name.as_posix(), diagnostics)
    if source is None:
        return CheckedFile(None, diagnostics)
    return check_source(source, path.parent, diagnostics, settings)


class SpecItem(pytest.Item):
    """One of the items of a spec: what `run` finds, at a `line` that counts from 0."""

    run: Callable[[SpecItem], None]
    line = 0

    def runtest(self) -> None:
        """Fail with what is wrong."""
        self.run(self)

    def repr_failure(  # pyright: ignore[reportIncompatibleMethodOverride] # pytest's own is wider
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> object:
        """The failure as people should read it; a traceback only for mistakes of ours."""
        if isinstance(excinfo.value, SpecFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where pytest says that an item stands."""
        return self.path, self.line, self.name


def _warn_or_fail(item: SpecItem, checked: CheckedFile) -> None:
    """What is wrong with the file itself and not shown by other items; its warnings."""
    shown = {
        id(error) for examination in checked.examinations for error in _errors(checked, examination)
    }
    found = list(checked.diagnostics)
    own = [error for error in found if error.severity == "error" and id(error) not in shown]
    if own:
        raise SpecFailure(_rendered(own))
    for warning in found:
        if warning.severity == "warning":
            line, _ = warning.span.source.position(warning.span.start)
            place = f"{warning.span.source.name}:{line}"
            item.warn(SpecWarning(f"{place}: {warning.code} {warning.message}"))


def _answer(_: SpecItem, checked: CheckedFile, examination: Examination) -> None:
    """One example, or one of the questions that `causalspec check` answers: it passes only where
    the answer is yes; unknown is never a pass.
    """
    if examination.holds:
        return
    question = examination.question
    if examination.holds is None:
        raise SpecFailure(f"it could not be decided whether {question}")
    why = f"it does not hold that {question} ({examination.evidence.text})"
    errors = _errors(checked, examination)
    if not errors:
        # What `check` takes for a warning is not a failure here either, and no pass.
        pytest.skip(why)
    raise SpecFailure(
        "\n".join([why, *examination.details, *examination.why, "", _rendered(errors)])
    )


def _verify(item: SpecItem, specification: Specification, claim: str) -> None:
    """One claim, fitted and scored on the network of `--causalspec-network`; the verdict's table is
    the failure's text.
    """
    from io import StringIO

    from rich.console import Console

    from causalspec.commands.networks import require_libraries
    from causalspec.dsl.diagnostics import SpecError, ToolFailure

    results = str(item.config.getoption("--causalspec-results"))
    destination = Path(results) / f"{item.path.stem}-{claim}"
    try:
        require_libraries()
        from causalspec.runtime import VerifySettings, load_task_network, print_verdicts, verify

        if NETWORK not in item.config.stash:
            where = str(item.config.getoption("--causalspec-network"))
            item.config.stash[NETWORK] = load_task_network(where)
        network = item.config.stash[NETWORK]
        verification = verify(specification, network, destination, VerifySettings(claims=(claim,)))
    except SpecError as error:
        raise SpecFailure(_rendered(error.diagnostics)) from error
    except ToolFailure as failure:
        raise SpecFailure(f"{failure}\n{failure.help or ''}".rstrip()) from failure
    if not verification.holds:
        table = StringIO()
        print_verdicts(verification, Console(file=table, width=WIDTH))
        raise SpecFailure(f"{table.getvalue().strip()}\n\nreport: {destination}")


NETWORK: Final[pytest.StashKey[TaskNetwork]] = pytest.StashKey()
"""The network of the session, loaded by the first claim."""

NO_PARAMETERS: Final[Mapping[str, Fraction]] = {}
PARAMETERS: Final[pytest.StashKey[Mapping[str, Fraction]]] = pytest.StashKey()
"""What parameters are set to."""

KNOWN_PARAMETERS: Final[pytest.StashKey[dict[str, None]]] = pytest.StashKey()
"""The parameters of the specs that were collected."""


def _errors(checked: CheckedFile, examination: Examination) -> list[Diagnostic]:
    """The errors that a question which came out wrong has reported."""
    if examination.holds is not False:
        return []
    return [
        diagnostic
        for diagnostic in checked.diagnostics
        if diagnostic.severity == "error" and diagnostic.span == examination.span
    ]


def _rendered(diagnostics: Iterable[Diagnostic]) -> str:
    from causalspec.dsl.render import render_text

    return render_text(diagnostics, color=False, width=WIDTH).rstrip()
