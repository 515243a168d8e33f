"""Rerun published studies from their spec files, and renew docs/reproductions.md.

    python -m benchmarks.reproduce [STUDY…] [--list | --page]

A study is a folder of `specs/` with a `reproduction.toml`. All are run, the shortest first, each
step once: a step that ran as it stands is not run anew, so an interrupted run goes on where it was.
The page is written after every study. Exit status 1 where a study did not come to its end.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.reproductions.measured import Kept, measured
from benchmarks.reproductions.page import draw, kept_file, write_page
from benchmarks.reproductions.steps import Places, minutes_of, run_steps
from benchmarks.reproductions.study import Study, StudyError, fingerprint, studies

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reproductions.md"
RESULTS, MODELS = ROOT / "results" / "reproductions", ROOT / "models"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("study", nargs="*", help="a folder of specs/; all by default")
    parser.add_argument("--list", action="store_true", help="say what would be run, and stop")
    parser.add_argument(
        "--page", action="store_true", help="write the page from what is kept, only"
    )
    options = parser.parse_args(arguments)
    try:
        found = studies(ROOT / "specs")
        unknown = [name for name in options.study if name not in found]
        if unknown:
            raise StudyError(f"there is no study `{unknown[0]}`: {', '.join(found)}")
    except StudyError as error:
        print(error, file=sys.stderr)
        return 2
    if options.page:
        write_page(PAGE, found)
        return 0
    chosen = {name: found[name] for name in found if name in options.study or not options.study}
    print(
        f"{len(chosen)} studies, some {sum(study.minutes for study in chosen.values()):.0f} minutes"
    )
    if options.list:
        for name, study in chosen.items():
            print(f"  {name}: {study.title}, {study.minutes:g} minutes")
        return 0
    failed = False
    left = sum(study.minutes for study in chosen.values())
    for name, study in chosen.items():
        print(f"{study.title}: {study.minutes:g} minutes; {left:.0f} left in all", flush=True)
        try:
            reproduce(name, study)
        except StudyError as error:
            print(f"  {error}", file=sys.stderr)
            failed = True
        left -= study.minutes
        write_page(PAGE, found)
    return int(failed)


def reproduce(name: str, study: Study) -> None:
    """Run a study's steps, and keep its figures and its picture."""
    marks = fingerprint(ROOT / "specs" / name, study.beside)
    places = Places(ROOT, RESULTS / name, MODELS)
    seconds = run_steps(study, marks, places, lambda line: print(line, flush=True))
    rows = measured(study, places.results)
    machine = f"{os.cpu_count()} cores ({platform.machine()})"
    kept = Kept(marks, minutes_of(study, seconds), machine, rows)
    path = kept_file(PAGE.parent, name)
    path.parent.mkdir(exist_ok=True)
    path.with_suffix(".svg").write_text(draw(study, rows, places.results), encoding="utf-8")
    path.write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=2) + b"\n")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("interrupted; the same command goes on where it stopped", file=sys.stderr)
        sys.exit(130)
