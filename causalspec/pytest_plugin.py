"""Specs as pytest items: each example, each check and, given a network, each claim of a file.

Active wherever causalspec is installed beside pytest. Where no `.causal` file is collected it costs
nothing: everything but pytest itself is imported when the first spec is.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from causalspec.compiler import CheckedFile, Examination, Specification
    from causalspec.dsl.diagnostics import Diagnostic
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


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> SpecFile | None:
    """Take files that end in `.causal`."""
    if file_path.suffix != ".causal":
        return None
    return SpecFile.from_parent(parent, path=file_path)  # pyright: ignore[reportUnknownMemberType]


class SpecFile(pytest.File):
    """One spec: checked once, when it is collected."""

    def collect(self) -> Iterator[pytest.Item]:
        """The file as a whole, then its examples and checks, then its claims."""
        from causalspec.dsl.diagnostics import ToolFailure

        try:
            checked = _checked(self.path, Path(os.path.relpath(self.path, self.config.rootpath)))
        except ToolFailure as failure:
            raise self.CollectError(str(failure)) from failure
        yield _made(self, ValidItem, name="valid", checked=checked)
        seen: dict[str, int] = {}
        for examination in checked.examinations:
            name = examination.question.replace("`", "")
            seen[name] = seen.get(name, 0) + 1
            number = f" ({seen[name]})" if seen[name] > 1 else ""
            yield _made(
                self, QuestionItem, name=name + number, checked=checked, examination=examination
            )
        network: str | None = self.config.getoption("--causalspec-network")
        if network is not None and checked.specification is not None:
            for name in checked.specification.claims:
                yield _made(
                    self,
                    ClaimItem,
                    name=f"claim {name}",
                    specification=checked.specification,
                    claim=name,
                )


def _checked(path: Path, name: Path) -> CheckedFile:
    """Check a file under the name that it has in reports."""
    from causalspec.compiler import CheckedFile, check_source
    from causalspec.dsl.diagnostics import Diagnostics
    from causalspec.dsl.reading import read_source

    diagnostics = Diagnostics()
    source = read_source(path, name.as_posix(), diagnostics)
    if source is None:
        return CheckedFile(None, diagnostics)
    return check_source(source, path.parent, diagnostics)


class SpecItem(pytest.Item):
    """What all items of specs share. `line` counts from 0, as pytest wants it."""

    line = 0

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


class ValidItem(SpecItem):
    """Whether a file has no error but those that other items show; its warnings are raised here."""

    def __init__(self, *, checked: CheckedFile, **more: Any) -> None:
        super().__init__(**more)  # pyright: ignore[reportUnknownMemberType]
        self._checked = checked

    def runtest(self) -> None:
        """Show what is wrong with the file itself."""
        shown = {
            id(e)
            for examination in self._checked.examinations
            for e in _errors(self._checked, examination)
        }
        errors = [error for error in self._checked.diagnostics if error.severity == "error"]
        own = [error for error in errors if id(error) not in shown]
        if own:
            raise SpecFailure(_rendered(own))
        for warning in self._checked.diagnostics:
            if warning.severity == "warning":
                line, _ = warning.span.source.position(warning.span.start)
                place = f"{warning.span.source.name}:{line}"
                self.warn(SpecWarning(f"{place}: {warning.code} {warning.message}"))


class QuestionItem(SpecItem):
    """One example, or one of the questions that `causalspec check` answers."""

    def __init__(self, *, checked: CheckedFile, examination: Examination, **more: Any) -> None:
        super().__init__(**more)  # pyright: ignore[reportUnknownMemberType]
        self._checked = checked
        self._examination = examination
        if examination.span is not None:
            self.line = examination.span.source.position(examination.span.start)[0] - 1

    def runtest(self) -> None:
        """Pass only where the answer is yes; unknown is never a pass."""
        examination = self._examination
        if examination.holds:
            return
        if examination.holds is None:
            raise SpecFailure(f"it could not be decided whether {examination.question}")
        lines = [
            f"it does not hold that {examination.question} ({examination.evidence.text})",
            *examination.details,
        ]
        errors = _errors(self._checked, examination)
        if not errors:
            # What `check` takes for a warning is not a failure here either, and no pass.
            pytest.skip(lines[0])
        raise SpecFailure("\n".join([*lines, "", _rendered(errors)]))


class ClaimItem(SpecItem):
    """One claim, verified against the network of `--causalspec-network`."""

    def __init__(self, *, specification: Specification, claim: str, **more: Any) -> None:
        super().__init__(**more)  # pyright: ignore[reportUnknownMemberType]
        self._specification = specification
        self._claim = claim
        span = specification.claims[claim].span
        if span is not None:
            self.line = span.source.position(span.start)[0] - 1

    def runtest(self) -> None:
        """Fit and score; the verdict's table is the failure's text."""
        from io import StringIO

        from rich.console import Console

        from causalspec.commands.networks import require_libraries
        from causalspec.dsl.diagnostics import SpecError, ToolFailure

        where = str(self.config.getoption("--causalspec-network"))
        results = str(self.config.getoption("--causalspec-results"))
        destination = Path(results) / f"{self.path.stem}-{self._claim}"
        try:
            require_libraries()
            from causalspec.runtime import VerifySettings, load_task_network, print_verdicts, verify

            if NETWORK not in self.config.stash:
                self.config.stash[NETWORK] = load_task_network(where)
            network = self.config.stash[NETWORK]
            settings = VerifySettings(claims=(self._claim,))
            verification = verify(self._specification, network, destination, settings)
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


def _made(parent: SpecFile, kind: type[pytest.Item], **more: object) -> pytest.Item:
    """An item of a file; pytest leaves the types of its own arguments open."""
    make: Any = kind
    return make.from_parent(parent, **more)


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
