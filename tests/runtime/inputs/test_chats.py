"""Chats as a tokenizer's template writes them, against the tokenizer's own ids, and in a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
import pytest
from safetensors.numpy import load_file
from transformers import LlamaConfig

from causalspec.command_line import main
from causalspec.compiler import Anchor, TokenPosition, flat_columns, generate
from causalspec.compiler.data.forms.tensors import write_tensors
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.inputs.chats import rendered_chat
from causalspec.runtime.inputs.token_columns import BulkTokenizer
from causalspec.runtime.inputs.token_places import TokenChoice, resolve
from causalspec.runtime.inputs.tokenizer_places import load_chats, load_tokenizer
from causalspec.runtime.inputs.tokens import tokenize
from tests.helpers.byte_tokenizer import VOCABULARY, byte_tokenizer
from tests.helpers.compiled import compiled
from tests.helpers.tiny_networks import tiny_network

CHATTING = (
    "<s>{% for message in messages %}{{ message['role'] }}|{{ message['content'] }}</s>"
    "{% endfor %}{% if add_generation_prompt %}assistant|{% endif %}"
)
SPEC = """
task Copy {
  input seen[i in 0..1] : {Red, Blue}
  output answer : {Red, Blue} = seen[0]
  prompt main chat {
    system "Be brief."
    user "{"{i}: {seen[i]}" for i in 0..1 by "; "}?"
    assistant "First is"
    user "Is {seen[0] as again} first, user?"
  }
}

model Direct of Copy {
  var color = seen[0]
  output answer = color
}

counterfactuals Colors of Direct {
  swap color
  split train 24, validation 8, test 8
}

align Last of Direct {
  var color at residual layers 0..1 token slot(seen[0]).last by das(dim = 4)
}

claim Follows {
  of Direct on Colors.test with Last
  expect iia >= 0.00
}
"""
COLUMNS = {"seen[0]": numpy.array([0, 1, 1]), "seen[1]": numpy.array([0, 0, 1])}
COLORS = ("Red", "Blue")


def chatting() -> Any:
    tokenizer = byte_tokenizer()
    tokenizer.chat_template = CHATTING
    return tokenizer


def test_tokens_and_places_are_the_tokenizers_own() -> None:
    task = compiled(SPEC).tasks["Copy"]
    tokenizer = chatting()
    rendered = rendered_chat(task.prompts["main"], task.model, COLUMNS, tokenizer)
    prompts = tokenize(rendered, tokenizer, "left")
    for row, (first, second) in enumerate(zip(*COLUMNS.values(), strict=True)):
        messages = [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": f"0: {COLORS[first]}; 1: {COLORS[second]}?"},
            {"role": "assistant", "content": "First is"},
            {"role": "user", "content": f"Is {COLORS[first]} first, user?"},
        ]
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        ids = tokenizer.apply_chat_template(
            messages, tokenize=True, add_generation_prompt=True, return_dict=False
        )
        assert rendered.texts[row] == text
        assert prompts.ids[row][prompts.mask[row]].tolist() == ids
        expected = {
            "seen[0]": COLORS[first],
            "seen[1]": COLORS[second],
            "again": COLORS[first],
            "system": "Be brief.",
            "user[0]": messages[1]["content"],
            "assistant": "First is",
            "user[1]": messages[3]["content"],
        }
        shown = {name: text[slice(*spans[row])] for name, spans in rendered.spans.items()}
        assert shown == expected
        assert rendered.spans["again"][row, 0] > rendered.spans["user[1]"][row, 0]
    behind = TokenPosition(Anchor.SLOT, "user[1]", -1, 1)
    found = resolve([TokenChoice((behind,))], prompts).positions[behind.text]
    assert prompts.ids.gather(1, found).tolist() == [[2]] * 3  # the mark that ends a turn


def test_what_cannot_be_written_as_a_chat() -> None:
    task = compiled(SPEC).tasks["Copy"]
    prompt = task.prompts["main"]
    with pytest.raises(ToolFailure, match="has no chat template"):
        rendered_chat(prompt, task.model, COLUMNS, byte_tokenizer())
    tokenizer = chatting()
    tokenizer.chat_template = "{{ raise_exception('no system here') }}"
    with pytest.raises(ToolFailure, match="no system here"):
        rendered_chat(prompt, task.model, COLUMNS, tokenizer)
    tokenizer.chat_template = CHATTING.replace("message['content']", "message['content'] | lower")
    with pytest.raises(ToolFailure, match="changes what `main` says"):
        rendered_chat(prompt, task.model, COLUMNS, tokenizer)


def test_a_chat_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network = tiny_network(
        LlamaConfig(
            vocab_size=VOCABULARY, hidden_size=16, intermediate_size=16, num_hidden_layers=2,
            num_attention_heads=2, bos_token_id=1, eos_token_id=2, pad_token_id=0,
        )
    )  # fmt: skip
    folder, spec = tmp_path / "network", tmp_path / "copy.causal"
    network.model.save_pretrained(folder)
    byte_tokenizer().save_pretrained(folder)
    spec.write_text(f"language 1\n{SPEC}", encoding="utf-8")
    options = ["align", str(spec), "Last", "--network", str(folder), "--steps", "2"]
    options += ["--out", str(tmp_path / "aligned"), "--keep-unanswered"]
    assert main(options) == 5
    assert main(["check", str(spec), "--tokenizer", str(folder)]) == 5
    assert "has no chat template" in capsys.readouterr().err
    chatting().save_pretrained(folder)
    assert main(["check", str(spec), "--tokenizer", str(folder)]) == 0
    assert "as tokens: exhaustive (4)" in capsys.readouterr().out
    assert main(options) in (0, 1)


def test_data_holds_the_chats_tokens_and_their_places(tmp_path: Path) -> None:
    chatting().save_pretrained(tmp_path)
    backend, chats = load_tokenizer(str(tmp_path)), load_chats(str(tmp_path))
    specification = compiled(SPEC)
    design, template = specification.counterfactuals["Colors"], specification.tasks["Copy"].prompts
    path = tmp_path / "rows.safetensors"
    pairs = generate(design, "train")
    columns = flat_columns(specification, design, slots=True)
    write_tensors([pairs], columns, path, BulkTokenizer(backend, chats))
    tensors = load_file(path)
    rendered = rendered_chat(template["main"], pairs.model, pairs.base, chatting())
    seen = tokenize(rendered, chatting(), "left")
    assert tensors["prompt.main.base.token_ids"].tolist() == (seen.ids * seen.mask).tolist()
    assert tensors["prompt.main.base.mask"].tolist() == seen.mask.tolist()
    for place in ("seen[1]", "again", "system", "user[0]", "assistant", "user[1]"):
        ends = [TokenPosition(Anchor.SLOT, place, part) for part in (0, -1)]
        found = resolve([TokenChoice(tuple(ends))], seen).positions
        for end, which in zip(ends, ("first", "last"), strict=True):
            stored = tensors[f"prompt.main.base.{which}_token.{place}"]
            assert stored.tolist() == found[end.text][:, 0].tolist()


def test_data_of_chats_takes_a_chat_template(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "copy.causal"
    spec.write_text(f"language 1\n{SPEC}", encoding="utf-8")
    byte_tokenizer().save_pretrained(tmp_path / "plain")
    chatting().save_pretrained(tmp_path / "chatting")
    written = ["data", str(spec), "--form", "safetensors", "--out", str(tmp_path / "data")]
    assert main([*written, "--tokenizer", str(tmp_path / "plain")]) == 5
    assert "has no chat template" in capsys.readouterr().err
    assert main([*written, "--tokenizer", str(tmp_path / "chatting"), "--slots"]) == 0
    tensors = load_file(tmp_path / "data" / "Colors.test.safetensors")
    assert (tensors["prompt.main.base.last_token.user[1]"] > 0).all()
