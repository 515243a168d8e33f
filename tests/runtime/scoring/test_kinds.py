"""Encoders that fill in a mask, classifiers, and modules of a Python function: whole verdicts."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from torch.nn import functional
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    PreTrainedTokenizerFast,
)

from causalspec.command_line import main
from causalspec.exit_codes import ExitCode
from causalspec.runtime.results.files import read_results
from causalspec.runtime.results.records import ClaimVerdict
from tests.helpers.tiny_player import COLORS, SIDES, SPEC

MARKS = ("<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]")
WORDS = (*MARKS, *COLORS, *SIDES)
CLASSES = tuple(reversed(COLORS))  # not in the order of the spec: they are known by name


def word_tokenizer() -> Any:
    inner: Any = Tokenizer(
        models.WordLevel({word: number for number, word in enumerate(WORDS)}, "<unk>")
    )
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    inner.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", unk_token="<unk>", cls_token="[CLS]",
        sep_token="[SEP]", mask_token="[MASK]",
    )  # fmt: skip


def trained(kind: Any, folder: Path, *, ending: str, **more: Any) -> None:
    """An encoder of two layers, trained to play the small task, and its tokenizer in a folder."""
    configuration = BertConfig(
        vocab_size=len(WORDS), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=64, max_position_embeddings=16, pad_token_id=0,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, **more,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = kind(configuration)
    tokenizer = word_tokenizer()
    rows = list(product(COLORS, COLORS, SIDES))
    encoded = tokenizer([f"{a} {b} {side}{ending}" for a, b, side in rows], return_tensors="pt")
    right = [a if side == "left" else b for a, b, side in rows]
    names = WORDS if ending else CLASSES
    labels = torch.tensor([names.index(answer) for answer in right])
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(250):
        logits = model(encoded["input_ids"], encoded["attention_mask"]).logits
        loss = functional.cross_entropy(logits[:, 4] if ending else logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def verdict(text: str, network: str, folder: Path) -> ClaimVerdict:
    spec = folder / "spec.causal"
    spec.write_text(text, encoding="utf-8")
    where = folder / "out"
    status = main(["verify", str(spec), "--network", network, "--out", str(where), "--steps", "60"])
    assert status == ExitCode.FINE
    [found] = read_results(where).verdicts
    return found


def test_an_encoder_fills_in_a_mask(tmp_path: Path) -> None:
    trained(BertForMaskedLM, tmp_path / "encoder", ending=" [MASK]")
    text = SPEC.replace('{which}"', '{which} [MASK]"').replace("token last", "token first .. last")
    found = verdict(text, str(tmp_path / "encoder"), tmp_path)
    assert found.score.mean >= 0.95
    assert [(site.layer, site.token) for site in found.chosen] == [(1, "first + 3")]  # the mask
    assert found.rows[0].said in {*COLORS}


def test_a_classifier_answers_with_a_class(tmp_path: Path) -> None:
    trained(
        BertForSequenceClassification, tmp_path / "classifier", ending="",
        num_labels=5, id2label=dict(enumerate(CLASSES)),
    )  # fmt: skip
    text = SPEC.replace("token last", "token first - 1 .. last")
    found = verdict(text, str(tmp_path / "classifier"), tmp_path)
    assert found.score.mean >= 0.95
    assert [(site.layer, site.token) for site in found.chosen] == [(1, "first - 1")]  # [CLS]
    assert found.rows[0].label in {*COLORS}


EQUALITY = """language 1
type Bit = {Zero, One}
task Same { input a, b, c, d : Bit  output same : bool = (a == b) == (c == d)
  encode vector { a, b, c, d as onehot } }
model Both of Same { var left = a == b  var right = c == d  output same = left == right }
counterfactuals Swaps of Both { swap left  swap right  split train 64, validation 32, test 64 }
align Place of Both { var left, right at module["PATH"] by full_vector }
claim Found { of Both on Swaps.test with Place  expect iia(left) >= 0.99 }
"""
MODULE = '''
import torch
from torch import nn


class Equality(nn.Module):
    """Set by hand: |a - b| and |c - d|, then whether they are equal."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 4)
        self.pairs = nn.Sequential(nn.ReLU(), nn.Linear(4, 2))
        with torch.no_grad():
            self.first.weight.zero_()
            self.first.bias.zero_()
            for row, (one, other) in enumerate(((1, 3), (3, 1), (5, 7), (7, 5))):
                self.first.weight[row, one] = 1.0
                self.first.weight[row, other] = -1.0
            self.pairs[1].weight.copy_(torch.tensor([[1.0, 1, 0, 0], [0, 0, 1, 1]]))
            self.pairs[1].bias.zero_()

    def forward(self, vectors):
        left, right = self.pairs(self.first(vectors)).unbind(-1)
        apart = (left - right).abs()
        return torch.stack([apart, 1 - apart], dim=-1) * 9


def build():
    return Equality()


def broken():
    raise RuntimeError("no weights here")
'''


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "equality_module.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return "python:equality_module"


def test_a_module_of_a_python_function(
    module: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "spec.causal"
    spec.write_text(EQUALITY.replace("PATH", "pairs.1"), encoding="utf-8")
    command = ["verify", str(spec), "--network", f"{module}:build", "--out", str(tmp_path / "r")]
    main([*command, "--format", "json"])
    [found] = json.loads(capsys.readouterr().out)["verdicts"]
    assert [site["path"] for site in found["chosen"]] == ["pairs.1"]
    # Both variables lie in the two numbers there: swapped whole, each takes the other along.
    assert 0.25 <= found["score"]["mean"] <= 0.75
    spec.write_text(EQUALITY.replace("PATH", "pairs.7"), encoding="utf-8")
    assert main(command) == ExitCode.SPEC_INVALID
    assert "pairs.1" in capsys.readouterr().err  # the near ones are named
    broken = ["verify", str(spec), "--network", f"{module}:broken", "--out", str(tmp_path / "r")]
    assert main(broken) == ExitCode.TOOL_FAILED
    assert "no weights here" in capsys.readouterr().err
