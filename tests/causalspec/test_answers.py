"""`causalspec check --tokenizer`: answers that share their first token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from causalspec.command_line import main
from causalspec.dsl import catalogue
from causalspec.exit_codes import ExitCode


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer of two letters at a time, spaces standing with the letter that follows."""
    place = tmp_path_factory.mktemp("tokenizer")
    letters = "abcdefghijklmnopqrstuvwxyzYNITL?0123456789 "
    vocabulary = {one: number for number, one in enumerate(["?!", *letters])}
    for one in letters:
        vocabulary[f" {one}"] = len(vocabulary)
    merges = [(" ", one) for one in letters if one != " "]
    made: Any = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, unk_token="?!"))
    made.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_next")
    made.save(str(place / "tokenizer.json"))
    return place


def checked(text: str | None, folder: Path, place: Path, *more: str) -> int:
    assert text is not None
    spec = place / "page.causal"
    spec.write_text(text, encoding="utf-8")
    return main(["check", str(spec), "--tokenizer", str(folder), *more])


@pytest.mark.parametrize("code", ["CS622", "CS623"])
def test_page(code: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(catalogue.page(code).fails, folder, tmp_path) == ExitCode.FINE
    assert f"warning[{code}]" in capsys.readouterr().err
    assert checked(catalogue.page(code).fixed, folder, tmp_path) == ExitCode.FINE
    assert capsys.readouterr().err == ""


def test_the_message_names_answers_and_token(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checked(catalogue.page("CS623").fails, folder, tmp_path)
    assert "the answers ` Yes` and ` Yet not` start with the same token ` Y`" in (
        capsys.readouterr().err
    )


def test_the_warning_can_be_accepted(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f'{catalogue.page("CS623").fails}\nallow CS623 "scored by its second token"\n'
    checked(text, folder, tmp_path)
    assert capsys.readouterr().err == ""
    # Without a tokenizer nobody can say whether it silences anything.
    assert main(["check", str(tmp_path / "page.causal")]) == ExitCode.FINE
    assert capsys.readouterr().err == ""


def test_there_is_no_tokenizer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "nothing.json"
    assert checked(catalogue.page("CS623").fixed, place, tmp_path) == ExitCode.TOOL_FAILED
    assert f"there is no file or folder `{place}`" in capsys.readouterr().err
