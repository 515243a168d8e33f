"""A small decoder that truly plays a small task: a Llama of two layers, trained in the session.

"red blue left" is to be answered with " red", "red blue right" with " blue".
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

COLORS = ("red", "green", "blue", "white", "black")
SIDES = ("left", "right")

TASK = f"""\
language 1

type Color = {{{", ".join(COLORS)}}}

task Pick {{
  "Say the color on the side that is asked for."
  input first, second : Color
  input which : {{left, right}}
  output answer : Color = if which == left then first else second
  prompt main "{{first}} {{second}} {{which}}"
  say answer " {{answer}}"
}}

model Side of Pick {{
  "Which side is asked for is a variable of its own."
  var side = which
  output answer = if side == left then first else second
}}

model Direct of Pick {{
  "The color itself is carried."
  var color = if which == left then first else second
  output answer = color
}}
"""

DATA = """
counterfactuals SwapColor of Direct {
  swap color
  keep where result.answer != base.answer
  split train 64, validation 24, test 24
}
"""

ALIGNMENT = """
align Last of Direct {
  var color at residual layers 0..1 token last by das(dim = 8)
}
"""

CLAIM = """
claim TheColorFollows {
  of Direct on SwapColor.test with Last
  expect iia >= 0.80
  expect iia - iia(no_swap) >= 0.50
}
"""

SPEC = TASK + DATA + ALIGNMENT + CLAIM


def train_player(folder: Path) -> None:
    """Train the network on every prompt, and write it with its tokenizer as transformers does."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast

    words = ("<pad>", "<unk>", *COLORS, *SIDES)
    inner = Tokenizer(models.WordLevel({word: k for k, word in enumerate(words)}, "<unk>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", unk_token="<unk>"
    )
    configuration = LlamaConfig(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=None,
    )
    sentences = [
        (first, second, side, first if side == "left" else second)
        for first, second, side in product(COLORS, COLORS, SIDES)
    ]
    ids = torch.tensor([[words.index(word) for word in sentence] for sentence in sentences])
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(configuration, dtype=torch.float32)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
        loss = torch.tensor(1.0)
        while loss > 0.01:
            optimizer.zero_grad()
            logits = model(input_ids=ids[:, :3]).logits[:, -1]
            loss = torch.nn.functional.cross_entropy(logits, ids[:, 3])
            loss.backward()
            optimizer.step()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
