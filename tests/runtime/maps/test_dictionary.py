"""Sparse dictionaries as maps: what they do, against loops, and files that are none."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from causalspec.compiler.specification import FileArgument
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.maps import build_map
from causalspec.runtime.maps.dictionary_file import read_dictionary
from causalspec.runtime.untyped import save_tensors
from tests.helpers.map_cases import WIDTH, method, planted, write_dictionary

HELP = (
    "a dictionary holds `W_enc` [width, features], `b_enc`, `W_dec` [features, width], `b_dec`, "
    "and perhaps a `threshold` [features] or a `k`"
)


@pytest.mark.parametrize("activation", ["relu", "threshold", "k"])
def test_features_are_what_the_definition_says(tmp_path: Path, activation: str) -> None:
    threshold, k = torch.linspace(-1, 3, 20), 3
    others = {"relu": {}, "threshold": {"threshold": threshold}, "k": {"k": torch.tensor(k)}}
    file = write_dictionary(tmp_path / "sae.safetensors", **others[activation])
    read = read_dictionary(file, WIDTH)
    vectors = planted(6)[0]
    made = build_map([method("dictionary", file=file, features=(2, 5, 17))], WIDTH, 0)
    features, rest = made.featurizer.encode(vectors)
    for row, vector in enumerate(vectors):
        before = [
            sum(float(vector[i]) * float(read.encoder[i, feature]) for i in range(WIDTH))
            + float(read.bias[feature])
            for feature in range(20)
        ]
        active = [max(0.0, feature) for feature in before]
        if activation == "threshold":
            active = [a if a > float(t) else 0.0 for a, t in zip(active, threshold, strict=True)]
        if activation == "k":
            least = sorted(active)[-k]
            active = [feature if feature >= least else 0.0 for feature in active]
        expected = [active[feature] for feature in (2, 5, 17)]
        assert features[row].tolist() == pytest.approx(expected)
        said = sum(active[feature] * read.decoder[feature].double() for feature in (2, 5, 17))
        assert isinstance(said, Tensor)
        assert torch.allclose(rest[row], vector - said)


def test_a_feature_is_swapped_and_the_error_stays(tmp_path: Path) -> None:
    file = write_dictionary(tmp_path / "sae.safetensors")
    read = read_dictionary(file, WIDTH)
    made = build_map([method("dictionary", file=file, features=(4,))], WIDTH, 0).double()
    base, source = planted(8)[0], planted(8, seed=1)[0]
    after = made.swap(base, source[:, None], torch.ones(8, 1))
    encoder, bias = read.encoder[:, 4].double(), read.bias[4].double()
    moved = torch.relu(source @ encoder + bias) - torch.relu(base @ encoder + bias)
    assert torch.allclose(after, base + moved[:, None] * read.decoder[4].double())


def test_a_dictionary_that_says_all_retains_all(tmp_path: Path) -> None:
    eye = torch.eye(WIDTH)
    both = {"W_enc": torch.cat([eye, -eye], 1), "W_dec": torch.cat([eye, -eye])}
    file = write_dictionary(tmp_path / "sae.safetensors", 24, **both, b_enc=torch.zeros(24))
    vectors = planted()[0]
    whole = build_map([method("dictionary", file=file)], WIDTH, 0)
    assert whole.retained(vectors) == pytest.approx(1)
    axes = build_map([method("dictionary", file=file, features=(0, 12))], WIDTH, 0)
    share = float(vectors[:, 0].var() / vectors.var(0).sum())
    assert axes.retained(vectors) == pytest.approx(share)
    assert build_map([method("das", dim=2)], WIDTH, 0).retained(vectors) is None
    # It is read from its file again: nothing of it is saved with the map.
    assert whole.state_dict() == {}


def _refusal(file: FileArgument, width: int = WIDTH, features: tuple[int, ...] = (0,)) -> str:
    with pytest.raises(ToolFailure) as failure:
        build_map([method("dictionary", file=file, features=features)], width, 0)
    return f"{failure.value}\n{failure.value.help}"


def test_a_dictionary_of_another_width_is_refused(tmp_path: Path) -> None:
    file = write_dictionary(tmp_path / "sae.safetensors")
    assert _refusal(file, width=16) == (
        "`sae.safetensors` is a dictionary of vectors of width 12, "
        "and those at this site are 16 wide\n"
        "take the dictionary that was trained at this site of this network"
    )


def test_a_feature_out_of_range_is_refused(tmp_path: Path) -> None:
    file = write_dictionary(tmp_path / "sae.safetensors")
    assert _refusal(file, features=(3, 907)) == (
        "`sae.safetensors` has no feature 907\nits 20 features count from 0 to 19"
    )


def test_a_feature_of_two_variables_is_refused(tmp_path: Path) -> None:
    file = write_dictionary(tmp_path / "sae.safetensors")
    written = [method("dictionary", file=file, features=feature) for feature in ((1, 2), (2, 3))]
    with pytest.raises(ToolFailure) as failure:
        build_map(written, WIDTH, 0)
    assert str(failure.value) == (
        "feature 2 of `sae.safetensors` is given to two variables at one site"
    )


def test_two_dictionaries_at_one_site_are_refused(tmp_path: Path) -> None:
    files = [write_dictionary(tmp_path / f"{name}.safetensors") for name in ("one", "two")]
    with pytest.raises(ToolFailure) as failure:
        build_map([method("dictionary", file=file, features=(1,)) for file in files], WIDTH, 0)
    assert str(failure.value) == (
        "variables at one site take features of `one.safetensors` and `two.safetensors`"
    )


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ({"W_dec": torch.zeros(12, 20)}, "`W_dec` of `sae.safetensors` is 12×20, not 20×12"),
        ({"b_enc": torch.zeros(19)}, "`b_enc` of `sae.safetensors` is 19, not 20"),
        ({"W_enc": torch.zeros(12)}, "`W_enc` of `sae.safetensors` is not a matrix"),
        (
            {"b_dec": torch.full((12,), torch.nan)},
            "`b_dec` of `sae.safetensors` has numbers that are not finite",
        ),
        ({"k": torch.tensor(21)}, "`k` of `sae.safetensors` is not a number of features"),
        ({"k": torch.tensor(2.5)}, "`k` of `sae.safetensors` is not a number of features"),
        ({"k": torch.tensor([1, 2])}, "`k` of `sae.safetensors` is not a number of features"),
        (
            {"scale": torch.ones(12)},
            "`sae.safetensors` holds `scale` besides, which may change what its features are",
        ),
    ],
)
def test_tensors_that_do_not_fit_are_refused(
    tmp_path: Path, others: dict[str, Tensor], message: str
) -> None:
    file = write_dictionary(tmp_path / "sae.safetensors", **others)
    assert _refusal(file) == f"{message}\n{HELP}"


def test_a_file_that_is_no_dictionary_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sae.safetensors"
    save_tensors({"W_enc": torch.zeros(12, 20), "encoder": torch.zeros(3)}, path)
    assert _refusal(FileArgument("sae.safetensors", path)) == (
        f"`sae.safetensors` is not a dictionary: it lacks `b_enc`, `W_dec`, `b_dec`\n{HELP}"
    )


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    file = write_dictionary(tmp_path / "sae.safetensors")
    whole = file.path.read_bytes()
    for content in (whole[:-40], whole[:5], b"", b"not a dictionary at all"):
        file.path.write_bytes(content)
        assert _refusal(file).startswith("`sae.safetensors` can't be read as safetensors: ")
    file.path.unlink()
    assert _refusal(file).startswith("`sae.safetensors` can't be read as safetensors: ")
    write_dictionary(file.path)
    assert build_map([method("dictionary", file=file, features=(1,))], WIDTH, 0).dimensions() == (
        1,
    )
