"""`causalspec check`: everything that can be said about specs without a network."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from causalspec import __version__
from causalspec.commands.arguments import add_settings_argument
from causalspec.commands.output import print_diagnostics, print_json, print_lines, write_file
from causalspec.commands.specs import ensure_parameters, settings_by_name
from causalspec.compiler import CheckedFile, check_file
from causalspec.dsl.render import to_json
from causalspec.exit_codes import ExitCode

EXAMPLE = "causalspec check specs/price_tagging/price_tagging.causal"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("specs", type=Path, nargs="+", metavar="SPEC", help=".causal files")
    add_settings_argument(parser)
    parser.add_argument("--quiet", action="store_true", help="print what is wrong, nothing else")
    parser.add_argument(
        "--fix", action="store_true", help="apply the fixes that are certain, report the rest"
    )
    parser.add_argument(
        "--plain",
        action="store_true",
        help="text as sentences, one a line, without frames and colours: for screen readers",
    )
    parser.add_argument(
        "--tokenizer",
        metavar="WHERE",
        help="look at prompts and answers as this tokenizer's network sees them: a folder with a "
        "tokenizer.json, a GGUF file, package:NAME, or a name on the hub",
    )
    parser.add_argument(
        "--format",
        choices=("text", "json", "sarif", "github"),
        default="text",
        help="for people; for programs; for code scanning services; for GitHub workflows",
    )


def run(options: argparse.Namespace) -> ExitCode:
    """Check every file; the worst outcome decides the exit status."""
    check = _fix if options.fix else check_file
    settings = settings_by_name(options.settings)
    checked = [(path, check(path, settings)) for path in options.specs]
    for _, file in checked:
        if file.specification is not None:
            ensure_parameters(file.specification, options.settings)
    if options.tokenizer is not None:
        from causalspec.findings.answers import tokenizer_at, with_tokens

        tokenizer = tokenizer_at(options.tokenizer)
        checked = [
            (path, with_tokens(file, tokenizer, options.tokenizer)) for path, file in checked
        ]
    if options.format == "text":
        for path, file in checked:
            _print_findings(file, plain=options.plain)
            if not options.quiet:
                print_lines(_answers(path, file))
    else:
        _print_for_programs(checked, options.format)
    if any(file.diagnostics.has_errors for _, file in checked):
        return ExitCode.SPEC_INVALID
    return ExitCode.UNKNOWN if any(file.leaves_open for _, file in checked) else ExitCode.FINE


def _fix(path: Path, settings: Mapping[str, Fraction]) -> CheckedFile:
    from causalspec.findings.fixing import fix_file

    fixed = fix_file(path, settings)
    if fixed.text is not None:
        write_file(path, fixed.text)
        print_lines([f"{path}: {_counted(fixed.fixes, 'fix', 'fixes')} applied"], sys.stderr)
    return fixed.checked


def _print_for_programs(checked: list[tuple[Path, CheckedFile]], form: str) -> None:
    found = [diagnostic for _, file in checked for diagnostic in file.diagnostics]
    if form == "sarif":
        from causalspec.findings.sarif import to_sarif

        print_json(to_sarif(found, __version__))
    elif form == "github":
        from causalspec.findings.lines import render_github

        print(render_github(found), end="")
    else:
        print_json([_as_json(path, file) for path, file in checked])


def _print_findings(checked: CheckedFile, *, plain: bool) -> None:
    if not plain:
        print_diagnostics(checked.diagnostics, sys.stderr)
        return
    from causalspec.findings.lines import render_plain

    print(render_plain(checked.diagnostics), file=sys.stderr, end="")


def _answers(path: Path, checked: CheckedFile) -> Iterator[str]:
    errors = sum(diagnostic.severity == "error" for diagnostic in checked.diagnostics)
    warnings = len(checked.diagnostics) - errors
    state = _counted(errors, "error") if errors else "fine"
    if warnings:
        state += f", {_counted(warnings, 'warning')}"
    yield f"{path}: {state}"
    for examination in checked.examinations:
        mark = {True: "yes", False: "no", None: "?"}[examination.holds]
        yield f"  {mark:4}{examination.question}: {examination.evidence.text}"
        yield from (f"        {line}" for line in (*examination.details, *examination.why))


def _counted(count: int, noun: str, plural: str | None = None) -> str:
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"


def _as_json(path: Path, checked: CheckedFile) -> dict[str, Any]:
    return {
        "file": str(path),
        "valid": not checked.diagnostics.has_errors,
        "diagnostics": to_json(checked.diagnostics),
        "examinations": [
            {
                "question": examination.question,
                "holds": examination.holds,
                "evidence": examination.evidence.text,
                "details": examination.details,
                "why": examination.why,
            }
            for examination in checked.examinations
        ],
    }
