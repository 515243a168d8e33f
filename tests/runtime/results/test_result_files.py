"""`result.json` round-trips exactly; a results folder is whole or absent."""

import dataclasses
import errno
import hashlib
import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import jsonschema
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from causalspec.runtime.results.estimates import Score, mean_of
from causalspec.runtime.results.files import (
    ResultsError,
    check_destination,
    from_json,
    json_schema,
    read_results,
    to_json,
    write_results,
)
from causalspec.runtime.results.records import Verification

FIXTURE = Path(__file__).parents[2] / "helpers" / "indirect_object_result.json"
TEXT = FIXTURE.read_text(encoding="utf-8")
VERIFICATION = from_json(TEXT)
SCHEMA = jsonschema.Draft202012Validator(json.loads(json_schema()))
MAPS = {"PositionIsAVariable": {"rotation": torch.eye(4)[:, :2]}, "TheNameFollows": {}}

SCORES = st.integers(1, 10**6).flatmap(
    lambda total: st.builds(
        Score,
        st.integers(0, total),
        st.just(total),
        st.none() | st.floats(1, total),
        st.none() | st.integers(total),
    )
) | st.just(Score(0, 0))
st.register_type_strategy(Score, SCORES | st.lists(SCORES, min_size=2, max_size=3).map(mean_of))


def some(kind: Any) -> st.SearchStrategy[Any]:
    """Values of an annotated type, with every field given and little in each tuple."""
    if get_origin(kind) is tuple and get_args(kind)[-1] is Ellipsis:
        return st.lists(some(get_args(kind)[0]), max_size=2).map(tuple)
    if not dataclasses.is_dataclass(kind) or kind is Score:
        return st.from_type(kind)
    return st.builds(kind, **{name: some(hint) for name, hint in get_type_hints(kind).items()})


def listing(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# --- the text


def test_the_fixture_round_trips_to_the_same_text():
    assert to_json(VERIFICATION) == TEXT
    assert TEXT.endswith("}\n")


@settings(max_examples=60, deadline=None)
@given(some(Verification))
def test_any_verification_round_trips_and_obeys_the_schema(verification: Verification):
    text = to_json(verification)
    assert to_json(from_json(text)) == text
    text.encode("utf-8")
    SCHEMA.validate(json.loads(text))
    if "NaN" not in text:
        assert from_json(text) == verification


def test_figures_that_are_not_finite_are_strings():
    sites = tuple(
        dataclasses.replace(VERIFICATION.verdicts[0].sites[0], final_loss=loss)
        for loss in (math.inf, -math.inf, math.nan, None)
    )
    verdict = dataclasses.replace(VERIFICATION.verdicts[0], sites=sites)
    text = to_json(dataclasses.replace(VERIFICATION, verdicts=(verdict,)))
    written = [site["final_loss"] for site in json.loads(text)["verdicts"][0]["sites"]]
    assert written == ["Infinity", "-Infinity", "NaN", None]
    read = [site.final_loss for site in from_json(text).verdicts[0].sites]
    assert read[:2] == [math.inf, -math.inf]
    assert read[2] is not None
    assert math.isnan(read[2])
    assert read[3] is None


def test_derived_figures_are_written_and_ignored_on_reading():
    content = json.loads(TEXT)
    assert content["holds"] is False
    assert content["verdicts"][0]["holds"] is True
    assert content["verdicts"][0]["score"] == {
        "correct": 451,
        "total": 500,
        "mean": 0.902,
        "lower": pytest.approx(0.8728, abs=1e-4),
        "upper": pytest.approx(0.9251, abs=1e-4),
        "effective": None,
        "drawn": None,
        "parts": [],
    }
    content["holds"] = True
    content["verdicts"][0]["score"]["mean"] = 0.1
    content["verdicts"][0]["invented_later"] = [1]
    assert from_json(json.dumps(content)) == VERIFICATION


def test_a_field_with_a_default_may_be_missing():
    content = json.loads(TEXT)
    del content["verdicts"][0]["chance"]
    del content["verdicts"][0]["score"]["effective"]
    del content["verdicts"][0]["expectations"][0]["reason"]
    assert from_json(json.dumps(content)).verdicts[0].chance is None


def planted(path: tuple[str | int, ...], value: object) -> str:
    content: Any = json.loads(TEXT)
    inner = content
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return json.dumps(content)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "the results are not JSON: Expecting property name enclosed in double quotes"),
        ("[" * 100_000, "the results are not JSON: maximum recursion depth exceeded"),
        ('{"format": NaN}', "the results are not JSON: `NaN` is not a JSON number"),
        ("[]", "the results are not a JSON object"),
        ("{}", "the results have format null, this version reads 2"),
        (planted(("format",), 1), "the results have format 1, this version reads 2"),
        (planted(("format",), True), "the results have format true, this version reads 2"),
        ('{"format": 2}', "the results are wrong: object missing required field `manifest`"),
        (
            planted(("manifest", "seed"), "zero"),
            "the results are wrong at `manifest.seed`: expected `int`, got `str`",
        ),
        (
            planted(("manifest", "seed"), True),
            "the results are wrong at `manifest.seed`: expected `int`, got `bool`",
        ),
        (
            planted(("manifest", "files", 0), ["a"]),
            "the results are wrong at `manifest.files[0]`: expected `array` of length 2, got 1",
        ),
        (
            planted(("verdicts",), {}),
            "the results are wrong at `verdicts`: expected `array`, got `object`",
        ),
        (
            planted(("verdicts", 1, "sites", 2, "sites", 0), None),
            "the results are wrong at `verdicts[1].sites[2].sites[0]`: expected `object`, "
            "got `null`",
        ),
        (
            planted(("verdicts", 0, "seconds"), "soon"),
            "the results are wrong at `verdicts[0].seconds`: expected `float`, got `str`",
        ),
        (
            planted(("verdicts", 0, "seconds"), 10**400),
            "the results are wrong at `verdicts[0].seconds`: number out of range",
        ),
        (
            planted(("verdicts", 0, "score", "correct"), 501),
            "the results are wrong at `verdicts[0].score`: 501 of 500 is not a share",
        ),
    ],
    ids=range(16),
)
def test_what_cannot_be_read_is_named(text: str, message: str):
    with pytest.raises(ResultsError) as caught:
        from_json(text)
    assert str(caught.value).startswith(message)


def test_results_of_an_older_format_are_to_be_made_again():
    with pytest.raises(ResultsError) as caught:
        from_json(planted(("format",), 1))
    assert caught.value.help == "verify the spec again: results of another format are not converted"


def test_the_schema_is_valid_and_published_results_obey_it():
    jsonschema.Draft202012Validator.check_schema(SCHEMA.schema)
    SCHEMA.validate(json.loads(TEXT))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), 1),
        (("verdicts", 0, "score"), {"correct": 1}),
        (("verdicts", 0, "notes"), "none"),
        (("manifest", "versions", 0), ["torch"]),
        (("verdicts", 0, "expectations", 0, "holds"), "yes"),
    ],
)
def test_the_schema_can_refuse(path: tuple[str | int, ...], value: object):
    with pytest.raises(jsonschema.ValidationError):
        SCHEMA.validate(json.loads(planted(path, value)))


# --- the folder


def test_a_folder_holds_result_report_maps_and_manifest(tmp_path: Path):
    folder = tmp_path / "deep" / "results"
    write_results(folder, VERIFICATION, MAPS)
    contents = [
        "maps/PositionIsAVariable.safetensors",
        "maps/TheNameFollows.safetensors",
        "report.html",
        "result.json",
    ]
    assert listing(folder) == ["manifest.json", *contents]
    assert read_results(folder) == VERIFICATION
    rotation = safetensors.torch.load_file(folder / contents[0])["rotation"]
    assert torch.equal(rotation, MAPS["PositionIsAVariable"]["rotation"])
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["spec"] == "indirect_object.causal"
    assert sorted(manifest["contents"]) == contents
    for name, written in manifest["contents"].items():
        content = (folder / name).read_bytes()
        assert written == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    assert [path.name for path in folder.parent.iterdir()] == ["results"]


def test_the_same_results_give_the_same_bytes(tmp_path: Path):
    for name in ("one", "two"):
        write_results(tmp_path / name, VERIFICATION, MAPS)
    for name in listing(tmp_path / "one"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_older_results_are_replaced_whole(tmp_path: Path):
    folder = tmp_path / "results"
    write_results(folder, VERIFICATION, MAPS)
    write_results(folder, dataclasses.replace(VERIFICATION, verdicts=()), {})
    assert listing(folder) == ["manifest.json", "report.html", "result.json"]
    assert read_results(folder).verdicts == ()
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_an_empty_folder_and_a_link_to_a_folder_are_places_to_write(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real", target_is_directory=True)
    write_results(tmp_path / "link", VERIFICATION, {})
    assert (tmp_path / "link").is_symlink()
    assert read_results(tmp_path / "real") == VERIFICATION


@pytest.mark.parametrize(
    ("present", "message"),
    [
        (["thesis.tex"], "`{}` holds `thesis.tex`, which is not a result: name another folder"),
        (
            ["result.json", "maps/x.pickle"],
            "`{}` holds `maps/x.pickle`, which is not a result: name another folder",
        ),
        (["report.html"], "`{}` holds no `result.json`: name another folder"),
    ],
)
def test_nothing_of_the_users_is_deleted(tmp_path: Path, present: list[str], message: str):
    folder = (tmp_path / "results").resolve()
    for name in present:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("precious", encoding="utf-8")
    for act in (check_destination, lambda folder: write_results(folder, VERIFICATION, MAPS)):
        with pytest.raises(ResultsError) as caught:
            act(folder)
        assert str(caught.value) == message.format(folder)
    assert listing(folder) == sorted(present)


def test_a_file_in_the_way_and_a_missing_result_are_named(tmp_path: Path):
    path = (tmp_path / "results").resolve()
    with pytest.raises(ResultsError, match=r"^can't read `.*result\.json`: No such file or dir"):
        read_results(path)
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(ResultsError) as caught:
        check_destination(path)
    assert str(caught.value) == f"`{path}` is a file: name a folder for the results"


@pytest.mark.parametrize("claim", ["../outside", "a/b", "", "a.b", "nul\0"])
def test_a_claim_never_names_a_file_elsewhere(tmp_path: Path, claim: str):
    with pytest.raises(ResultsError, match=r"can't name a file$"):
        write_results(tmp_path / "results", VERIFICATION, {claim: {}})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("replacing", [False, True])
def test_a_full_disk_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replacing: bool
):
    """Let each flush in turn be the one that finds the disk full."""
    folder = (tmp_path / "results").resolve()
    if replacing:
        write_results(folder, VERIFICATION, {})
    before = listing(folder)
    flush = os.fsync
    for allowed in range(7):  # result, report, two maps, manifest, two folders
        calls = iter(range(100))

        def full(descriptor: int, calls: Any = calls, allowed: int = allowed) -> None:
            if next(calls) == allowed:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            flush(descriptor)

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(ResultsError) as caught:
            write_results(folder, VERIFICATION, MAPS)
        message = f"can't write the results to `{folder}`: No space left on device"
        assert str(caught.value) == message
        assert listing(folder) == before
        assert [path.name for path in tmp_path.iterdir()] == ["results"] * replacing


def test_a_failed_rename_brings_the_old_results_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "results"
    write_results(folder, VERIFICATION, {})
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(ResultsError, match=r"Permission denied$"):
        write_results(folder, dataclasses.replace(VERIFICATION, verdicts=()), {})
    assert read_results(folder) == VERIFICATION
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


KILLED = """
import os, signal, sys
from pathlib import Path
from causalspec.runtime.results.files import from_json, write_results
verification = from_json(Path(sys.argv[1]).read_text(encoding="utf-8"))
flush, left = os.fsync, iter(range(int(sys.argv[3]), -1, -1))
def killing(descriptor):
    if next(left) == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    flush(descriptor)
os.fsync = killing
write_results(Path(sys.argv[2]), verification, {})
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize(("flushes", "replacing"), [(0, False), (4, False), (4, True)])
def test_a_killed_run_leaves_no_folder_or_the_old_one(
    tmp_path: Path, flushes: int, replacing: bool
):
    folder = tmp_path / "results"
    if replacing:
        write_results(folder, VERIFICATION, MAPS)
    before = listing(folder)
    arguments = [sys.executable, "-c", KILLED, str(FIXTURE), str(folder), str(flushes)]
    assert subprocess.run(arguments, check=False).returncode == -signal.SIGKILL
    assert folder.exists() == replacing
    assert listing(folder) == before
    write_results(folder, VERIFICATION, MAPS)
    assert read_results(folder) == VERIFICATION
