"""A split through torch's DataLoader: every row once, in order, whoever makes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from torch.utils.data import DataLoader
from transformers import PreTrainedTokenizerFast

from causalspec import InterchangeBatches, generate, load_specification
from causalspec.compiler.data.prompts import RenderedPrompts, render
from causalspec.compiler.specification import Anchor, Specification, TokenPosition
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.inputs.token_columns import BulkTokenizer
from causalspec.runtime.inputs.token_places import TokenChoice, resolve
from causalspec.runtime.inputs.tokenizer_places import load_tokenizer
from causalspec.runtime.inputs.tokens import tokenize

SPEC = Path(__file__).parents[3] / "specs" / "indirect_object" / "indirect_object.causal"


@pytest.fixture(scope="module")
def specification() -> Specification:
    found, diagnostics = load_specification(SPEC)
    assert found is not None, list(diagnostics)
    return found


def batches(specification: Specification, workers: int, batch: int = 7) -> list[dict[str, Any]]:
    design = specification.counterfactuals["SwapPosition"]
    rows = InterchangeBatches(specification, design, "test", batch, rows=60)
    loader: Any = DataLoader(rows, batch_size=None, num_workers=workers)
    return list(loader)


def test_batches_hold_the_rows_in_order(specification: Specification) -> None:
    design = specification.counterfactuals["SwapPosition"]
    pairs = generate(design, "test", rows=60)
    made = batches(specification, 0)
    assert [len(batch["kind"]) for batch in made] == [7] * 8 + [4]
    for name, wanted in (
        ("base.first", pairs.base["first"]),
        ("source.second", pairs.sources[0]["second"]),
        ("label.answer", pairs.label["answer"]),
    ):
        joined = torch.cat([batch[name] for batch in made])
        assert joined.dtype == torch.int64
        assert joined.tolist() == wanted.tolist()
    task = specification.tasks[design.model.task]
    texts = render(task.prompts["main"], task.model, pairs.base).texts
    assert [text for batch in made for text in batch["prompt.main.base"]] == list(texts)


def test_workers_share_the_rows_without_overlap_and_keep_their_order(
    specification: Specification,
) -> None:
    alone, shared = (batches(specification, workers) for workers in (0, 2))
    assert len(alone) == len(shared)
    for own, other in zip(alone, shared, strict=True):
        assert own.keys() == other.keys()
        for name in own:
            same = own[name] == other[name]
            assert bool(same.all()) if isinstance(same, torch.Tensor) else same


def test_a_batch_has_a_row(specification: Specification) -> None:
    design = specification.counterfactuals["SwapPosition"]
    with pytest.raises(ValueError, match="a batch has at least one row, not 0"):
        InterchangeBatches(specification, design, "test", 0)


# Tokens -------------------------------------------------------------------------------------------

WORDS = ("Mary", "John", "saw", "the", "store")


def saved_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """Words as tokens, with a mark before every text and one after it."""
    vocabulary = {word: k for k, word in enumerate(("[UNK]", "[BOS]", "[EOS]", *WORDS))}
    backend = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    backend.pre_tokenizer = Whitespace()
    backend.post_processor = TemplateProcessing(
        single="[BOS] $A [EOS]", special_tokens=[("[BOS]", 1), ("[EOS]", 2)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="[BOS]", eos_token="[EOS]", unk_token="[UNK]"
    )
    fast.save_pretrained(folder)
    return fast


@pytest.mark.parametrize("texts", [("Mary saw John", "the store", "Mary saw John"), ("Mary",)])
def test_ids_are_those_that_the_network_sees(texts: Sequence[str], tmp_path: Path) -> None:
    fast = saved_tokenizer(tmp_path)
    found = BulkTokenizer(load_tokenizer(str(tmp_path)))(texts)
    seen = tokenize(RenderedPrompts(tuple(texts), {}), fast)
    assert found.ids.tolist() == seen.ids[seen.mask].tolist()
    assert found.lengths.tolist() == seen.mask.sum(1).tolist()
    assert found.ids[0] == 1


def test_each_distinct_text_is_tokenized_once(tmp_path: Path) -> None:
    saved_tokenizer(tmp_path)
    backend = load_tokenizer(str(tmp_path))
    asked: list[str] = []

    class Counting:
        def encode(self, text: str, **how: bool) -> Any:
            return backend.encode(text, **how)

        def encode_batch_fast(self, texts: list[str], **how: bool) -> Any:
            asked.extend(texts)
            return backend.encode_batch_fast(texts, **how)

    bulk = BulkTokenizer(Counting())
    for _ in range(2):
        found = bulk(["Mary saw", "John saw", "Mary saw"])
        assert found.lengths.tolist() == [3, 3, 3]
    assert asked == ["Mary saw", "John saw"]
    assert bulk([]).ids.tolist() == numpy.zeros(0).tolist()


def test_the_tokens_of_a_slot_are_those_that_a_placement_finds(tmp_path: Path) -> None:
    fast = saved_tokenizer(tmp_path)
    texts = ("Mary saw John", "the store Mary saw", "Mary", "the store Mary saw")
    spans = numpy.array([[5, 13], [4, 11], [0, 4], [10, 14]], numpy.int32)
    bulk = BulkTokenizer(load_tokenizer(str(tmp_path)))
    bulk(texts)  # ids alone do not stand in the way of places
    found = bulk(texts, {"slot": spans})
    seen = tokenize(RenderedPrompts(texts, {"slot": spans}), fast)
    first, last = (TokenPosition(Anchor.SLOT, "slot", part) for part in (0, -1))
    padding = seen.length - found.lengths
    places = resolve([TokenChoice((first, last))], seen).positions.values()
    placed = torch.cat(list(places), dim=1).numpy() - padding[:, None]
    assert found.slots["slot"].tolist() == placed.tolist()
    assert placed.tolist() == [[2, 3], [2, 3], [1, 1], [3, 3]]


def test_a_slot_without_a_character_has_no_token(tmp_path: Path) -> None:
    saved_tokenizer(tmp_path)
    bulk = BulkTokenizer(load_tokenizer(str(tmp_path)))
    spans = numpy.array([[4, 4], [-1, -1], [5, 8]], numpy.int32)
    found = bulk(["Mary saw", "Mary saw", "Mary saw"], {"slot": spans})
    assert found.slots["slot"].tolist() == [[-1, -1], [-1, -1], [2, 2]]
    assert bulk([], {"slot": spans[:0]}).slots["slot"].shape == (0, 2)


def test_a_file_of_its_own_is_read_as_it_is(tmp_path: Path) -> None:
    fast = saved_tokenizer(tmp_path)
    backend = load_tokenizer(str(tmp_path / "tokenizer.json"))
    assert backend.encode("Mary saw").ids == fast("Mary saw")["input_ids"]


@pytest.mark.parametrize(
    ("where", "complaint"),
    [
        (".", "there is no tokenizer at `.`: "),
        ("./tokenizer.json", "there is no file or folder `./tokenizer.json`"),
        ("./weights.gguf", "there is no file or folder `./weights.gguf`"),
        ("package:nothing_here", "the package `nothing_here` is not installed"),
        ("package:causalspec", "the package `causalspec` carries 0 networks, not one"),
    ],
)
def test_a_place_that_holds_no_tokenizer(
    where: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ToolFailure) as error:
        load_tokenizer(where)
    assert str(error.value).startswith(complaint)
