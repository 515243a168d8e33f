"""A small decoder that answers in two ways of different lengths, evenly: "red", or "dark red".

As `tiny_player`, "red blue left" is to be answered with the color on the side that is asked for.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

from tests.helpers.tiny_player import COLORS, SIDES, SPEC

TWO_WAYS_SPEC = SPEC.replace('say answer " {answer}"', 'say answer " {answer}" or " dark {answer}"')


def train_two_ways(folder: Path, *, steps: int = 250) -> None:
    """Train the network on every prompt with both of its answers, and write it."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast

    words = ("<pad>", "<unk>", *COLORS, *SIDES, "dark")
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
        (first, second, side, *dark, first if side == "left" else second)
        for first, second, side in product(COLORS, COLORS, SIDES)
        for dark in ((), ("dark",))
    ]
    padded = [[*map(words.index, sentence), 0][:5] for sentence in sentences]
    ids = torch.tensor(padded)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(configuration, dtype=torch.float32)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
        for step in range(steps):
            for group in optimizer.param_groups:
                group["lr"] = 1e-2 * (1 - step / steps)
            optimizer.zero_grad()
            logits = model(input_ids=ids).logits[:, 2:-1]
            asked = ids[:, 3:].masked_fill(ids[:, 3:] == 0, -100)
            torch.nn.functional.cross_entropy(logits.flatten(0, 1), asked.flatten()).backward()
            optimizer.step()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
