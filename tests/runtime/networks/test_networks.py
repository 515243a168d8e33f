"""Loading a network, and each way in which it cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BertConfig, BertLMHeadModel, LlamaConfig, PreTrainedTokenizerFast, T5Config

from causalspec.runtime.networks.network import (
    Network,
    NetworkError,
    load_network,
    random_network,
    wrap_network,
)
from tests.helpers.byte_tokenizer import byte_tokenizer
from tests.helpers.tiny_networks import CONFIGURATIONS, LAYERS, tiny_network


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    network = tiny_network(CONFIGURATIONS["llama"], torch.float32)
    network.model.save_pretrained(tmp_path / "network")
    network.tokenizer.save_pretrained(tmp_path / "network")
    return tmp_path / "network"


def test_a_folder_is_loaded_frozen(folder: Path) -> None:
    network = load_network(folder)
    assert (network.name, network.width, len(network.layers)) == (str(folder), 32, LAYERS)
    assert network.dtype == torch.float32
    assert not network.model.training
    assert not any(parameter.requires_grad for parameter in network.model.parameters())
    assert network.content_hash == load_network(folder).content_hash
    assert network.content_hash == tiny_network(CONFIGURATIONS["llama"], torch.float32).content_hash


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_layers_are_found_in_any_decoder(name: str) -> None:
    network = tiny_network(CONFIGURATIONS[name], torch.float32)
    assert len(network.layers) == LAYERS
    assert network.width == 32


def test_the_random_network_is_another_and_the_same_for_a_seed() -> None:
    network = tiny_network(CONFIGURATIONS["gpt2"])
    state = torch.get_rng_state()
    first, again, other = (random_network(network, seed) for seed in (1, 1, 2))
    assert torch.equal(state, torch.get_rng_state())
    hashes = [loaded.content_hash for loaded in (network, first, again, other)]
    assert hashes[1] == hashes[2]
    assert len(set(hashes)) == 3
    assert (first.dtype, first.name) == (torch.float64, "gpt2 (random, seed 1)")


def _message(location: Any) -> tuple[str, str | None]:
    with pytest.raises(NetworkError) as raised:
        load_network(location)
    return str(raised.value), raised.value.help


def test_nothing_is_there(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    assert _message(missing) == (f"there is no file or folder `{missing}`", None)
    assert _message("models/small.gguf")[0] == "there is no file or folder `models/small.gguf`"


def test_folders_that_hold_no_network(tmp_path: Path, folder: Path) -> None:
    expected = f"the folder `{tmp_path}` holds neither a `config.json` nor a `.gguf` file"
    assert _message(tmp_path)[0] == expected
    for name in ("a.gguf", "b.gguf"):
        (tmp_path / name).touch()
    expected = f"the folder `{tmp_path}` holds several networks"
    assert _message(tmp_path) == (expected, "name one: `a.gguf`, `b.gguf`")
    weights = folder / "model.safetensors"
    weights.rename(folder / "pytorch_model.bin")
    assert _message(folder) == (
        f"the folder `{folder}` holds no weights",
        "weights are read from `.safetensors` or `.gguf`; pickles are never opened",
    )
    text = tmp_path / "notes.txt"
    text.touch()
    assert _message(text)[0] == f"`{text}` is not a network"


def test_broken_files_are_told_in_a_sentence(tmp_path: Path, folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\x00" * 100)
    assert _message(folder)[0].startswith(f"the weights of `{folder}` cannot be loaded: ")
    (folder / "config.json").write_text("{")
    assert _message(folder)[0].startswith(f"the configuration of `{folder}` cannot be loaded: ")
    (tmp_path / "broken.gguf").write_bytes(b"GGUF")
    broken = tmp_path / "broken.gguf"
    assert _message(broken)[0].startswith(f"the configuration of `{broken}` cannot be loaded: ")


def test_no_tokenizer(folder: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    assert "tokenizer" in _message(folder)[0]


def test_an_encoder_decoder_is_refused(folder: Path) -> None:
    T5Config().save_pretrained(folder)
    assert _message(folder) == (
        f"`{folder}` is a `t5`, neither a causal decoder nor an encoder or a classifier of texts",
        "what a network is stands under `architectures` in its `config.json`",
    )


def test_an_encoder_that_calls_itself_a_language_model_is_refused() -> None:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=300, hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=48, is_decoder=False,
    )  # fmt: skip
    model = BertLMHeadModel(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.5)
    with pytest.raises(NetworkError) as raised:
        wrap_network("bert", model, byte_tokenizer())
    assert str(raised.value) == (
        "`bert` is not a causal decoder: a later token changes earlier predictions"
    )


def test_the_hub_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    message, help_text = _message("nobody/no-such-network")
    expected = "the configuration of `nobody/no-such-network` cannot be had from the hub: "
    assert message.startswith(expected)
    assert help_text == "check the name and the connection, or give the path of a folder"


def test_code_that_comes_with_a_network_is_never_run(folder: Path) -> None:
    (folder / "evil.py").write_text("raise SystemExit('ran')")
    config = LlamaConfig().to_dict() | {
        "model_type": "evil",
        "auto_map": {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"},
    }
    import json

    (folder / "config.json").write_text(json.dumps(config))
    assert _message(folder)[0].startswith(f"the configuration of `{folder}` cannot be loaded: ")


def test_a_slow_tokenizer_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PreTrainedTokenizerFast, "is_fast", property(lambda _self: False))
    assert _message(folder) == (
        f"the tokenizer of `{folder}` does not know where its tokens lie in the text",
        "a fast tokenizer (a `tokenizer.json`) is needed to resolve token positions",
    )


def test_a_network_is_a_value_with_a_short_name() -> None:
    network = tiny_network(CONFIGURATIONS["llama"])
    assert isinstance(network, Network)
    assert repr(network) == "Network(name='llama', width=32, tuple_outputs=False)"
