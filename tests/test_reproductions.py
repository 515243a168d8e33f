"""Published studies rerun: descriptions that can be run, a page that says what was measured."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any

import pytest

from benchmarks.reproductions import page as pages
from benchmarks.reproductions.measured import Found, measured, place
from benchmarks.reproductions.steps import Places, minutes_of, run_steps
from benchmarks.reproductions.study import (
    DESCRIPTION,
    Study,
    StudyError,
    fingerprint,
    read_study,
    studies,
)
from causalspec.command_line import parser_of
from tests.helpers.spec_files import ROOT, SPECS

STUDIES = studies(SPECS)
DOCS = ROOT / "docs"
each_study = pytest.mark.parametrize("name", STUDIES)


@each_study
def test_every_command_is_one(name: str) -> None:
    """Its words are those of a command, and the specs that it names are there."""
    for run in (run for step in STUDIES[name].steps for run in step.runs):
        program, *words = shlex.split(run.command.format(results="results", models="models"))
        assert program in ("causalspec", "python")
        if program == "causalspec":
            parser_of(words[:1]).parse_args(words)
        for word in words:
            if word.startswith("specs/"):
                assert (ROOT / word).exists(), word


@each_study
def test_what_is_kept_is_what_is_described(name: str) -> None:
    kept = pages.read_kept(DOCS, name)
    if kept is not None:
        assert [row.what for row in kept.rows] == [row.what for row in STUDIES[name].rows]
        assert pages.kept_file(DOCS, name).with_suffix(".svg").exists()


def test_the_page_is_up_to_date(tmp_path: Path) -> None:
    """Writing it anew from what is kept changes nothing."""
    text = (DOCS / "reproductions.md").read_text(encoding="utf-8")
    (tmp_path / "reproductions").symlink_to(DOCS / "reproductions")
    (tmp_path / "reproductions.md").write_text(text, encoding="utf-8")
    pages.write_page(tmp_path / "reproductions.md", STUDIES)
    assert (tmp_path / "reproductions.md").read_text(encoding="utf-8") == text


def test_numbers_of_studies_are_their_own() -> None:
    numbers = [study.number for study in STUDIES.values()]
    assert len(set(numbers)) == len(numbers)


def described(folder: Path, **changed: Any) -> Study:
    """A study of one step that asks for a probability."""
    content = {
        "number": 1,
        "title": "A title",
        "source": "Somebody",
        "kind": "no network",
        "network": "none",
        "about": "About.",
        "minutes": 0.1,
        "steps": [
            {
                "name": "effect",
                "command": "causalspec sample specs/firing_squad/firing_squad.causal TwoRiflemen "
                "--expect dead --format jsonl",
                "output": "effect.jsonl",
            }
        ],
        "rows": [{"what": "dead", "ours": "effect.jsonl # 0 / approximately"}],
        "picture": {"caption": "One figure"},
    }
    folder.mkdir(exist_ok=True)
    lines = [f"{name} = {_toml(value)}" for name, value in {**content, **changed}.items()]
    (folder / DESCRIPTION).write_text("\n".join(lines), encoding="utf-8")
    return read_study(folder)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_toml(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


def test_a_study_from_its_description_to_its_page(tmp_path: Path) -> None:
    study = described(tmp_path / "study")
    places = Places(ROOT, tmp_path / "results", tmp_path / "models")
    said: list[str] = []
    run_steps(study, "marks", places, said.append)
    assert len(said) == 2
    rows = measured(study, places.results)
    assert rows[0].value is not None and 0 < rows[0].value < 1
    assert 'aria-label="One figure"' in pages.draw(study, rows, places.results)

    run_steps(study, "marks", places, said.append)
    assert "done before" in said[2]
    run_steps(study, "other marks", places, said.append)
    assert len(said) == 5  # run anew


def test_a_command_that_fails_is_run_anew(tmp_path: Path) -> None:
    step = {"name": "wrong", "command": "causalspec check no_such.causal", "output": "out.json"}
    study = described(tmp_path / "study", steps=[step])
    places = Places(ROOT, tmp_path / "results", tmp_path / "models")
    for _ in range(2):
        with pytest.raises(StudyError, match=r"`wrong` ended with [25]: .*no_such"):
            run_steps(study, "marks", places, lambda _: None)
    assert not (places.results / "out.json").exists()


def test_waiting_is_not_counted(tmp_path: Path) -> None:
    """A command that was stopped for another's sake takes the time that it worked."""
    step = {"name": "waits", "command": "python -c 'import time; time.sleep(1.5)'"}
    study = described(tmp_path / "study", steps=[step])
    places = Places(ROOT, tmp_path / "results", tmp_path / "models")
    assert 0 < run_steps(study, "marks", places, lambda _: None)["waits"] < 1


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"kind": "hearsay"}, "kind"),
        ({"minutes": "soon"}, "minutes"),
        ({"colour": "blue"}, "colour"),
        ({"rows": [{"waht": "dead"}]}, "waht"),
    ],
)
def test_a_wrong_description_is_told(
    changed: dict[str, object], complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(StudyError, match=complaint):
        described(tmp_path / "study", **changed)


def test_figures_are_found_by_names(tmp_path: Path) -> None:
    score = {"mean": 0.5, "lower": 0.4, "upper": 0.6}
    verdict = {
        "claim": "C",
        "expectations": [{"text": "log_odds >= 1", "value": 1.5, "holds": True}],
        "holds": False,
        "vacuous": "",
        "score": score,
        "controls": [{"name": "no_swap", "score": {"mean": 0.1, "lower": 0.0, "upper": 0.2}}],
    }
    (tmp_path / "result.json").write_text(json.dumps({"verdicts": [verdict]}))
    rows = [
        {"what": "iia", "ours": "result.json # verdicts / C / score"},
        {"what": "floor", "ours": "result.json # verdicts / C / controls / no_swap"},
        {"what": "odds", "ours": "result.json # verdicts / C / expectations / log_odds >= 1"},
        {"what": "nothing of ours", "differs": "It was not measured."},
    ]
    study = described(tmp_path / "study", rows=rows)
    assert measured(study, tmp_path) == (
        Found("iia", 0.5, 0.4, 0.6, verdict="fails"),
        Found("floor", 0.1, 0.0, 0.2, verdict="fails"),
        Found("odds", 1.5, verdict="fails"),
        Found("nothing of ours"),
    )
    with pytest.raises(StudyError, match="there is no `D`"):
        place("result.json # verdicts / D", tmp_path)
    with pytest.raises(StudyError, match=r"can't read `other\.json`"):
        place("other.json # verdicts", tmp_path)
    (tmp_path / "sites.json").write_text(json.dumps({"sites": [score, {"mean": 1.0}]}))
    row = {"what": "all", "ours": "sites.json # sites / * / mean"}
    study = described(tmp_path / "study", rows=[row])
    assert measured(study, tmp_path) == (Found("all", 0.75),)


def test_a_control_is_taken_from_a_figure(tmp_path: Path) -> None:
    """In each run its own, so that the least and the most are those of the differences."""
    for name, value, control in (("a", 3.0, 1.0), ("b", 5.0, 0.5)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"sites": [{"mean": value}]}))
        (tmp_path / f"control-{name}.json").write_text(json.dumps({"sites": [{"mean": control}]}))
    step = {"name": "{each}", "command": "causalspec check {each}", "over": ["a", "b"]}
    step["output"] = "{each}.json"
    row = {
        "what": "selectivity",
        "ours": "{each}.json # sites / * / mean",
        "less": "control-{each}.json # sites / 0 / mean",
    }
    study = described(tmp_path / "study", steps=[step], rows=[row])
    assert measured(study, tmp_path) == (Found("selectivity", 3.25, 2.0, 4.5, several=2),)

    (tmp_path / "control-a.json").write_text(json.dumps({"sites": [{"mean": "high"}]}))
    with pytest.raises(StudyError, match="the difference of what are not two numbers"):
        measured(study, tmp_path)


def test_a_step_is_run_over_several(tmp_path: Path) -> None:
    effect = (
        "causalspec sample specs/firing_squad/firing_squad.causal TwoRiflemen --do {each} "
        "--expect dead --format jsonl"
    )
    step = {
        "name": "effect-{each}",
        "command": effect,
        "output": "{each}.jsonl",
        "over": ["first=true", "first=false"],
    }
    row = {"what": "dead", "ours": "{each}.jsonl # 0 / approximately"}
    time = {"what": "seconds", "ours": "effect-{each}.done.json # seconds"}
    study = described(tmp_path / "study", steps=[step], rows=[row, time])
    places = Places(ROOT, tmp_path / "results", tmp_path / "models")
    assert list(run_steps(study, "marks", places, lambda _: None)) == [
        "effect-first=true",
        "effect-first=false",
    ]
    found, took = measured(study, places.results)
    assert found.several == took.several == 2
    assert took.lower is not None and took.lower > 0
    picture = pages.draw(study, (found, took), places.results)
    assert ">dead<" in picture and ">seconds<" not in picture
    assert found.value is not None and found.lower is not None and found.upper is not None
    assert found.lower < found.value < found.upper == 1


def test_runs_go_side_by_side(tmp_path: Path) -> None:
    """Each waits for the other, by its share of the cores; the minutes are shared."""
    program = tmp_path / "meet.py"
    program.write_text(
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "Path(sys.argv[1]).touch()\n"
        "until = time.monotonic() + 60\n"
        "while len(list(Path(sys.argv[1]).parent.glob('came-*'))) < 2:\n"
        "    assert time.monotonic() < until, 'nobody came'\n"
        "print(os.environ['OMP_NUM_THREADS'])\n"
    )
    step = {
        "name": "{each}",
        "command": f"python {program} {{results}}/came-{{each}}",
        "output": "{each}.txt",
        "over": ["a", "b"],
        "at_once": 2,
    }
    study = described(tmp_path / "study", steps=[step])
    places = Places(ROOT, tmp_path / "results", tmp_path / "models")
    assert set(run_steps(study, "marks", places, lambda _: None)) == {"a", "b"}
    threads = max(1, (os.cpu_count() or 1) // 2)
    assert (places.results / "a.txt").read_text() == f"{threads}\n"
    assert minutes_of(study, {"a": 60.0, "b": 60.0}) == 1
    assert minutes_of(study, {"a": 120.0, "b": 60.0}) == 2


def test_over_one_it_keeps_its_own_interval(tmp_path: Path) -> None:
    (tmp_path / "of-0.json").write_text(json.dumps({"mean": 0.5, "lower": 0.4, "upper": 0.6}))
    step = {"name": "s", "command": "causalspec -h", "output": "of-{each}.json", "over": ["0"]}
    row = {"what": "iia", "ours": "of-{each}.json #"}
    study = described(tmp_path / "study", steps=[step], rows=[row])
    assert measured(study, tmp_path) == (Found("iia", 0.5, 0.4, 0.6),)


def test_results_depend_on_the_folders_that_are_named(tmp_path: Path) -> None:
    described(tmp_path / "study")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "words.txt").write_text("a")
    study, beside = tmp_path / "study", ("other",)
    before = fingerprint(study), fingerprint(study, beside)
    described(study, title="Another title")
    assert (fingerprint(study), fingerprint(study, beside)) == before
    (tmp_path / "other" / "words.txt").write_text("b")
    assert fingerprint(study) == before[0]
    assert fingerprint(study, beside) != before[1]


def test_the_sites_of_an_alignment_are_drawn(tmp_path: Path) -> None:
    score = {"correct": 3, "total": 4, "drawn": 4, "effective": 4.0, "mean": 0.75}
    site = {"component": "residual", "layer": 1, "token": "last"}
    fit = {"sites": [site], "final_loss": 0.1, "dropped_after": None}
    fit["validation"] = {**score, "lower": 0.3, "upper": 0.95}
    written = json.dumps({"sites": [fit], "best": fit})
    (tmp_path / "map.json").write_text(written)
    picture = {"caption": "By layer and token", "sites": "map.json"}
    study = described(tmp_path / "study", picture=picture)
    drawn = pages.draw(study, (), tmp_path)
    assert 'aria-label="By layer and token"' in drawn and ">.75<" in drawn


def test_sites_are_named_as_they_are_written(tmp_path: Path) -> None:
    site = {"component": "head", "layer": 3, "token": "last", "unit": 2, "path": ""}
    edge = site | {"receiver": {"component": "residual", "layer": 5, "token": "last"}}
    score = {"mean": 0.5, "lower": 0.4, "upper": 0.6}
    effects = [{"site": site, "indirect": score}, {"site": edge, "indirect": score}]
    (tmp_path / "effects.json").write_text(json.dumps({"sites": effects}))
    head = "head 2, layer 3, token last"
    rows = [
        {"what": "head", "ours": f"effects.json # sites / {head} / indirect"},
        {"what": "edge", "ours": "effects.json # sites / 1 / site"},
    ]
    assert measured(described(tmp_path / "study", rows=rows), tmp_path) == (
        Found("head", 0.5, 0.4, 0.6),
        Found("edge", word=f"{head}, to residual, layer 5, token last"),
    )


def test_words_of_several_runs_are_counted(tmp_path: Path) -> None:
    for name, replays in {"a": True, "b": False, "c": True}.items():
        content = {"replays": replays, "changes": ["he → she", "his → her"]}
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    step = {
        "name": "{each}",
        "command": "causalspec check {each}",
        "output": "{each}.json",
        "over": ["a", "b", "c"],
    }
    rows = [
        {"what": "replays", "ours": "{each}.json # replays"},
        {"what": "changes", "ours": "a.json # changes"},
    ]
    assert measured(described(tmp_path / "study", steps=[step], rows=rows), tmp_path) == (
        Found("replays", word="yes (2 of 3); no (1 of 3)"),
        Found("changes", word="he → she; his → her"),
    )
