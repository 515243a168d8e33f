"""What a study came to: the figures that its rows name, read out of what its steps wrote."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.reproductions.study import Row, Study, StudyError
from causalspec.runtime.sites.site import Site

_NAMES = (
    *("claim", "name", "text", "what", "site", "sites", "predictor", "data", "question", "metric"),
    "alignment",
)
"""Members of a list are named by the first of these that they have."""


class Found(msgspec.Struct, frozen=True, omit_defaults=True):
    """One row's figure of ours, or its word; `verdict` is that of the claim which it is part of.

    Over `several` runs, `value` is the mean, `lower` and `upper` are the smallest and the largest.
    """

    what: str
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    word: str = ""
    verdict: str = ""
    several: int = 0


class Kept(msgspec.Struct, frozen=True):
    """A study as it was measured, kept beside the page that shows it."""

    marks: str
    minutes: float
    machine: str
    rows: tuple[Found, ...]


def measured(study: Study, results: Path) -> tuple[Found, ...]:
    """Every row of the study. Raises `StudyError` where a file or a place in it is missing."""
    over = {
        file: step.over for step in study.steps for file in (step.output, f"{step.name}.done.json")
    }
    return tuple(
        _over_all(row, over.get(_file(row), ()), results)
        if "{each}" in row.ours
        else _found(row, results)
        for row in study.rows
    )


def _file(row: Row) -> str:
    return row.ours.partition("#")[0].strip()


def place(written: str, results: Path) -> list[Any]:
    """What `FILE # path` leads through, from the whole file to the place itself."""
    name, _, path = (part.strip() for part in written.partition("#"))
    try:
        text = (results / name).read_text(encoding="utf-8")
        lines = text.splitlines() if name.endswith(".jsonl") else None
        content: Any = json.loads(text) if lines is None else list(map(json.loads, lines))
    except (OSError, ValueError) as error:
        raise StudyError(f"can't read `{name}`: {error}") from error
    passed = [content]
    for word in [word.strip() for word in path.split("/") if word.strip()]:
        content = _member(content, word, written)
        passed.append(content)
    return passed


def _member(content: Any, word: str, written: str) -> Any:
    if isinstance(content, dict) and word in content:
        return content[word]
    if isinstance(content, list):
        for item in content:
            if isinstance(item, dict) and word in (_called(item.get(name)) for name in _NAMES):
                return item
        if word.lstrip("-").isdigit() and int(word) < len(content):
            return content[int(word)]
    raise StudyError(f"`{written}`: there is no `{word}`")


def _called(name: Any) -> Any:
    """A name as it is written; that of a site, or of several, is made of its parts."""
    if isinstance(name, list):
        return " and ".join(map(str, map(_called, name)))
    if isinstance(name, dict) and "component" in name:
        return str(msgspec.convert(name, Site))
    return name


def _found(row: Row, results: Path) -> Found:
    if not row.ours:
        return Found(row.what)
    if row.less:
        ours, less = (_found(Row(row.what, each), results) for each in (row.ours, row.less))
        if ours.value is None or less.value is None:
            raise StudyError(f"`{row.what}` is the difference of what are not two numbers")
        return Found(row.what, ours.value - less.value)
    before, star, after = row.ours.partition("/ * /")
    if star:
        items = range(len(place(before, results)[-1]))
        rows = (Row(row.what, f"{before}/ {item} /{after}") for item in items)
        values = [each.value for each in (_found(of_item, results) for of_item in rows)]
        known = [value for value in values if value is not None]
        return Found(row.what, sum(known) / len(known) if known else None)
    passed = place(row.ours, results)
    here = passed[-1]
    verdict = next((_verdict(item) for item in passed if _is_verdict(item)), "")
    if isinstance(here, dict) and "score" in here:  # a control
        here = here["score"]
    if isinstance(here, dict) and "component" in here:
        return Found(row.what, word=_called(here), verdict=verdict)
    if isinstance(here, dict):
        value = here.get("mean", here.get("value", here.get("auroc")))
        return Found(row.what, _number(value), _number(here.get("lower")),
                     _number(here.get("upper")), verdict=verdict)  # fmt: skip
    if isinstance(here, bool):
        return Found(row.what, word="yes" if here else "no", verdict=verdict)
    if not isinstance(here, int | float):
        word = "; ".join(map(str, here)) if isinstance(here, list) else str(here)
        return Found(row.what, word=word.strip(), verdict=verdict)
    return Found(row.what, float(here), verdict=verdict)


def _over_all(row: Row, over: tuple[str, ...], results: Path) -> Found:
    rows = (
        Row(row.what, *(text.replace("{each}", each) for text in (row.ours, row.less)))
        for each in over
    )
    found = [_found(each, results) for each in rows]
    if len(found) == 1:  # has an interval of its own
        return found[0]
    values = [each.value for each in found if each.value is not None]
    verdicts = Counter(each.verdict for each in found if each.verdict)
    told = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
    if not values:
        words = Counter(each.word for each in found if each.word)
        if not words:
            raise StudyError(f"`{row.what}` has no figure")
        word = "; ".join(f"{word} ({count} of {len(found)})" for word, count in words.most_common())
        return Found(row.what, word=word, verdict=told)
    mean = sum(values) / len(values)
    return Found(row.what, mean, min(values), max(values), verdict=told, several=len(values))


def _is_verdict(item: Any) -> bool:
    return isinstance(item, dict) and "expectations" in item and "holds" in item


def _verdict(item: Any) -> str:
    if item.get("vacuous"):
        return "vacuous"
    return {True: "holds", False: "fails", None: "unknown"}[item["holds"]]


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
