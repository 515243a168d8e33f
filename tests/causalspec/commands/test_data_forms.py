"""`causalspec data` in every form: what stands in its way is named, no part of a file stays."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from causalspec.commands.data import FORMS
from tests.helpers.spec_files import spec_file
from tests.helpers.terminal import Terminal

PRICES = spec_file("price_tagging")
Data = Callable[..., tuple[int, str, str]]
COMMAND = [sys.executable, "-m", "causalspec.command_line", "data"]
DOUBLING = """\
language 1

task Doubling {
  input number : 0..9
  output double : 0..18 = 2 * number
}

model Adding of Doubling {
  var again = number
  output double = number + again
}

counterfactuals SwapAgain of Adding {
  swap again
  split train 6, test 3
}
"""


@pytest.fixture
def data(run: Terminal) -> Data:
    run.write(good=DOUBLING)
    return partial(run, "data")


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_written(form: str, data: Data, tmp_path: Path) -> None:
    status, printed, complaints = data("good.causal", "--form", form, "--out", "out")
    assert (status, complaints) == (0, "")
    manifests = [f"SwapAgain.{split}.manifest.json" for split in ("test", "train")]
    if form == "datasets":
        rows = ["SwapAgain/dataset_dict.json"] + [
            f"SwapAgain/{split}/{name}"
            for split in ("test", "train")
            for name in ("data-00000-of-00001.arrow", "dataset_info.json", "state.json")
        ]
        first = "out/SwapAgain/train/data-00000-of-00001.arrow"
    else:
        rows = [f"SwapAgain.{split}.{form}" for split in ("test", "train")]
        first = f"out/SwapAgain.train.{form}"
    assert files(tmp_path / "out") == sorted([*manifests, *rows])
    assert printed.startswith(f"{first}: 6 pairs, ")


# What the spec asks for and cannot be had ---------------------------------------------------------

IMPOSSIBLE = {
    "a filter that leaves nothing": (
        "  keep where result.double == 18 and base.number == 0\n",
        "split train 6, test 3",
        "error[CS511]: no pair of kind `again` meets `result.double == 18 and base.number == 0`",
    ),
    "a stratum that cannot exist": (
        "  balance result.double > base.number + 9\n",
        "split train 6, test 3",
        "error[CS513]: `result.double > base.number + 9` is never `true` ",
    ),
    "more disjoint values than there are": (
        "",
        "split one 1, two 1, three 1, four 1, five 1, six 1, seven 1, eight 1, nine 1, ten 1, "
        "eleven 1 disjoint by (number)",
        "error[CS51",
    ),
    "a split of none": ("", "split train 6, test 0", "error[CS702]: a split cannot have 0 pairs"),
}


@pytest.mark.parametrize(("clause", "split", "message"), IMPOSSIBLE.values(), ids=list(IMPOSSIBLE))
@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_data_that_cannot_be_had(
    form: str, clause: str, split: str, message: str, data: Data, tmp_path: Path
) -> None:
    text = DOUBLING.replace("  split train 6, test 3", f"{clause}  {split}")
    Path("bad.causal").write_text(text, encoding="utf-8")
    status, printed, complaints = data("bad.causal", "--form", form, "--out", "out")
    assert (status, printed) == (3, "")
    assert complaints.startswith(message)
    assert not (tmp_path / "out").exists()


# What the command line asks for -------------------------------------------------------------------


def test_a_form_that_there_is_not(data: Data) -> None:
    status, printed, complaints = data("good.causal", "--form", "pickle")
    assert (status, printed) == (2, "")
    assert "argument --form/--file-format: invalid choice: 'pickle'" in complaints


def test_slots_are_written_when_they_are_asked_for(data: Data, tmp_path: Path) -> None:
    prompt = '  prompt main "Twice {number as first} is"\n}\n\nmodel'
    text = DOUBLING.replace("}\n\nmodel", prompt, 1)
    Path("good.causal").write_text(text, encoding="utf-8")
    assert data("good.causal", "--slots", "--split", "test")[0] == 0
    written = (tmp_path / "data" / "SwapAgain.test.jsonl").read_text("utf-8")
    for row in map(json.loads, written.splitlines()):
        start, end = (row[f"prompt.main.source.{which}.first"] for which in ("start", "end"))
        assert row["prompt.main.source"][start:end] == str(row["source.number"])
    assert data("good.causal", "--split", "test")[0] == 0
    assert ".start." not in (tmp_path / "data" / "SwapAgain.test.jsonl").read_text("utf-8")


def test_a_tokenizer_is_for_tensors(data: Data) -> None:
    assert data("good.causal", "--tokenizer", "folder") == (
        *(2, ""),
        "causalspec data: --tokenizer goes with --form safetensors\n",
    )


def test_a_folder_without_a_tokenizer(data: Data, tmp_path: Path) -> None:
    status, printed, complaints = data(
        "good.causal", "--form", "safetensors", "--tokenizer", "./nowhere"
    )
    assert (status, printed) == (5, "")
    assert complaints == "error: there is no file or folder `./nowhere`\n"
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("form", "library", "purpose"),
    [("parquet", "pyarrow.parquet", "Parquet"), ("datasets", "datasets", "a data set of")],
)
def test_a_missing_library_is_named_with_its_extra(
    form: str,
    library: str,
    purpose: str,
    data: Data,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    status, printed, complaints = data("good.causal", "--form", form)
    assert (status, printed) == (5, "")
    assert complaints.startswith(f"error: {purpose}")
    assert f" needs the library `{library.partition('.')[0]}`: " in complaints
    assert complaints.endswith(
        "\n  help: `pip install 'causalspec[data] @ git+https://github.com/causalspec/causalspec'` "
        "brings it\n"
    )
    assert files(tmp_path / "data") == []


# Where it is written ------------------------------------------------------------------------------


def test_a_name_that_a_folder_has(data: Data, tmp_path: Path) -> None:
    (tmp_path / "data" / "SwapAgain.test.csv").mkdir(parents=True)
    assert data("good.causal", "--split", "test", "--form", "csv") == (
        *(5, ""),
        "error: can't write the file `data/SwapAgain.test.csv`: a folder has that name\n"
        "  help: choose another --out\n",
    )


def test_a_folder_that_is_somebody_elses_is_not_replaced(data: Data, tmp_path: Path) -> None:
    kept = tmp_path / "data" / "SwapAgain" / "thesis.tex"
    kept.parent.mkdir(parents=True)
    kept.write_text("years of work", encoding="utf-8")
    assert data("good.causal", "--form", "datasets") == (
        *(5, ""),
        "error: `data/SwapAgain` is there and is not a data set of Hugging Face\n"
        "  help: choose another --out\n",
    )
    assert kept.read_text("utf-8") == "years of work"


@pytest.mark.parametrize("form", FORMS)
def test_a_place_that_cannot_be_written(form: str, data: Data) -> None:
    Path("file").touch()
    status, printed, complaints = data("good.causal", "--form", form, "--out", "file/inner")
    assert (status, printed, complaints) == (
        *(5, ""),
        "error: can't write the data to `file/inner`: Not a directory\n",
    )


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))


@pytest.mark.parametrize("form", FORMS)
def test_a_disk_that_is_full_in_the_middle(form: str, data: Data, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["SwapAbove", "--split", "test", "--form", form, "--out", str(out)]
    assert data(str(PRICES), *arguments, "--rows", "50")[0] == 0
    before = files(out)
    done = subprocess.run(
        [*COMMAND, str(PRICES), *arguments, "--rows", "60000"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limited,
    )
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr.endswith(f"error: can't write the data to `{out}`: File too large\n")
    assert files(out) == before  # rows and manifest are those of the run before, whole


@pytest.mark.parametrize("form", ["jsonl", "parquet", "datasets", "safetensors"])
def test_an_interruption_leaves_nothing(form: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["SwapAbove", "--split", "test", "--form", form, "--out", str(out)]
    command = [*COMMAND, str(PRICES), *arguments, "--rows", "100000000"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True, preexec_fn=interruptible) as process:
        while not started(out, form) and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        try:
            printed, complaints = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, printed) == (130, ""), complaints
    assert complaints.endswith("interrupted; what was not finished is not there\n")
    assert files(out) == []


def interruptible() -> None:
    """As in a terminal; a shell lets what it runs in the background ignore interruptions."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def started(out: Path, form: str) -> bool:
    """Whether rows are on their way to the disk."""
    if form == "safetensors":  # they wait in files without a name
        return out.is_dir()
    return any(path.is_file() and path.stat().st_size > 10_000 for path in out.rglob("*"))


# Memory -------------------------------------------------------------------------------------------

PEAK = """
import sys
from causalspec.command_line import main
from tests.helpers.spec_files import spec_file
status = main(["data", *sys.argv[1:]])
lines = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(status, lines["VmHWM"].split()[0])
"""


def peak(rows: int, form: str, out: Path) -> float:
    """The most megabytes that writing so many rows took."""
    command = [sys.executable, "-c", PEAK, str(PRICES), "SwapAbove", "--split", "train"]
    done = subprocess.run(
        [*command, "--form", form, "--rows", str(rows), "--out", str(out)],
        capture_output=True,
        text=True,
        check=True,
    )
    status, kilobytes = done.stdout.splitlines()[-1].split()
    assert status == "0"
    return int(kilobytes) / 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux alone says the peak")
def test_memory_does_not_grow_with_rows(tmp_path: Path) -> None:
    few, many = (peak(rows, "parquet", tmp_path) for rows in (140_000, 400_000))
    assert many < few + 35  # the texts of the added rows alone take 100


@pytest.mark.skipif(not os.environ.get("CAUSALSPEC_LONG"), reason="ten million rows take a minute")
def test_ten_million_rows_in_a_gigabyte(tmp_path: Path) -> None:
    assert peak(10_000_000, "parquet", tmp_path) < 1024
    manifest = json.loads((tmp_path / "SwapAbove.train.manifest.json").read_text("utf-8"))
    assert manifest["rows"] == 10_000_000
