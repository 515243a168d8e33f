"""`docs/reproductions.md` and its pictures, made of the studies' descriptions and what was kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from benchmarks.reproductions.measured import Found, Kept, place
from benchmarks.reproductions.study import Study, StudyError
from causalspec.runtime.report.heat import HeatMap
from causalspec.runtime.report.pictures import Figure, figures, site_map, strength_curves
from causalspec.runtime.report.sweep import single_sites, sweep_of
from causalspec.runtime.results.explanations import Strength
from causalspec.runtime.results.files import read_results
from causalspec.runtime.results.records import SiteScore

BEGIN, END = "<!-- reproduced: begin -->\n", "<!-- reproduced: end -->\n"


def write_page(page: Path, found: Mapping[str, Study]) -> None:
    """Renew what lies between the page's marks from all that is kept beside it."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}{_gallery(found, page.parent)}{END}{after}", encoding="utf-8")


def kept_file(folder: Path, name: str) -> Path:
    """Where a study's figures are kept, below the folder of the page."""
    return folder / "reproductions" / f"{name}.json"


def read_kept(folder: Path, name: str) -> Kept | None:
    """What was kept of a study, None where it was never run to its end."""
    path = kept_file(folder, name)
    return msgspec.json.decode(path.read_bytes(), type=Kept) if path.exists() else None


def draw(study: Study, rows: tuple[Found, ...], results: Path) -> str:
    """The study's picture as SVG."""
    picture = study.picture
    if picture.file:
        return (results / picture.file).read_text(encoding="utf-8")
    if picture.sweep:
        file, _, claim = (part.strip() for part in picture.sweep.partition("#"))
        place(f"{file} # verdicts / {claim}", results)
        verification = read_results((results / file).parent)
        verdict = next(each for each in verification.verdicts if each.claim == claim)
        return site_map(picture.caption, sweep_of(verdict).heat_map)
    if picture.strengths:
        found = msgspec.convert(place(picture.strengths, results)[-1], tuple[Strength, ...])
        return strength_curves(picture.caption, found)
    if picture.sites:
        aligned = place(picture.sites, results)[-1]
        sites = msgspec.convert(aligned["sites"], tuple[SiteScore, ...])
        best = msgspec.convert(aligned["best"], SiteScore)
        return site_map(picture.caption, HeatMap(single_sites(sites, set(best.sites))))
    drawn = [
        Figure(row.what, row.value, row.lower, row.upper, described.at)
        for row, described in zip(rows, study.rows, strict=True)
        if row.value is not None and described.drawn and not described.is_time
    ]
    if not drawn:
        raise StudyError(f"`{study.title}` has no figure to draw: name a file or a sweep")
    return figures(picture.caption, drawn)


def _gallery(found: Mapping[str, Study], folder: Path) -> str:
    ordered = sorted(found.items(), key=lambda item: item[1].number)
    table = [
        "| | study | network | published | ours | minutes |",
        "|---|---|---|---|---|---|",
        *(_summary(name, study, read_kept(folder, name)) for name, study in ordered),
    ]
    sections = [_section(name, study, read_kept(folder, name)) for name, study in ordered]
    return "\n".join([*table, "", *sections])


def _summary(name: str, study: Study, kept: Kept | None) -> str:
    head = study.rows[0]
    ours = _ours(kept.rows[0]) if kept else "not run"
    minutes = f"{kept.minutes:.1f}" if kept else "–"
    link = f"[{study.title}](#{_anchor(study)})"
    return (
        f"| {study.number} | {link}: {head.what} | {study.kind} | {head.published or '–'} | "
        f"{ours} | {minutes} |"
    )


def _section(name: str, study: Study, kept: Kept | None) -> str:
    lines = [
        f"## {study.number}. {study.title}",
        "",
        f"{study.source}. {study.about}",
        "",
        f"Network: {study.network}. Spec and steps: [`specs/{name}`](../specs/{name}), rerun by "
        f"`make reproduce STUDY={name}`.",
        "",
    ]
    if kept is None:
        return "\n".join([*lines, "Not run to its end yet.", ""])
    lines += [
        f"![{study.picture.caption}](reproductions/{name}.svg)",
        "",
        study.picture.caption,
        "",
    ]
    lines += ["| what | published | ours | verdict |", "|---|---|---|---|"]
    for row, mine in zip(study.rows, kept.rows, strict=True):
        lines.append(
            f"| {row.what} | {row.published or '–'} | {_ours(mine)} | {mine.verdict or '–'} |"
        )
    differing = [f"- *{row.what}*: {row.differs}" for row in study.rows if row.differs]
    if differing:
        lines += ["", "What differs, and why:", "", *differing]
    lines += ["", f"{kept.minutes:.1f} minutes on {kept.machine}.", ""]
    return "\n".join(lines)


def _ours(row: Found) -> str:
    if row.value is None:
        return row.word or "–"
    figure = _figure(row.value)
    if row.lower is None or row.upper is None:
        return figure
    over = f", {row.several} runs" if row.several else ""
    return f"{figure} ({_figure(row.lower)} to {_figure(row.upper)}{over})"


def _figure(value: float) -> str:
    if value == round(value) and abs(value) >= 2:
        return f"{value:,.0f}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def _anchor(study: Study) -> str:
    kept = "".join(letter for letter in study.title.lower() if letter.isalnum() or letter in " -")
    return f"{study.number}-{kept.replace(' ', '-')}"
