"""A decoder whose weights are set by hand, so that every variable's place is known beforehand.

"now *a b right" is to be answered with "no": of two letters one is starred, one is asked for by its
side, and the answer says whether these are equal.
Where the parts of the hypothesis lie, "last" being the last token:

- `mark`, which letter has the star: `key[0]` of layer 0, at both letters together
- `which`, the side that is asked for: `embedding` and `query[1]` of layer 0, last
- `letter`, the first letter: `value` of layer 0, at the first letter
- `marked`, the starred letter: `head[0]` of layer 0, last
- `asked`, the letter that is asked for: `head[1]` of layer 0, last
- `differs`, whether these two are different: `mlp_activation`, `mlp_output` and `residual` of layer
  0 and `neuron[5]` of layer 1, last

`marked` and `asked` lie in `attention_output` of layer 0 along two directions, beside a louder copy
of the prompt's first word, which nothing reads; where side and star agree, so do the two letters.
`differs` is not a linear function of that vector: neurons 0 and 1 of layer 0 compute it. All other
heads and neurons hold noise.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

OPENINGS = ("now", "once", "here", "there", "well", "so", "oh", "ah")
WORDS = ("<pad>", *OPENINGS, "a", "b", "*a", "*b", "left", "right", "yes", "no")

TASK = f"""\
language 1

type Letter = {{a, b}}
type Side = {{left, right}}

task Match {{
  "Is the starred letter the one on the side that is asked for?"
  input opening : {{{", ".join(OPENINGS)}}}
  input first, second : Letter
  input star, side : Side
  output answer : {{yes, no}} =
    if (if star == left then first else second) == (if side == left then first else second)
    then yes else no
  prompt main match star {{
    left  => "{{opening}} *{{first}} {{second}} {{side}}"
    right => "{{opening}} {{first}} *{{second}} {{side}}"
  }}
  say answer " {{answer}}"
}}

model Steps of Match {{
  "Find both letters, compare them, answer."
  var mark    = star
  var which   = side
  var letter  = first
  var marked  = if mark == left then letter else second
  var asked   = if which == left then letter else second
  var differs = marked != asked
  output answer = if differs then no else yes
}}
"""

LAYERS, HEADS, WIDTH, NEURONS = 2, 4, 32, 16
SIZE = WIDTH // HEADS

# The residual stream has every number twice, as x and -x, so that its mean is zero: number k lies
# in columns 2k and 2k + 1. Numbers that tell inputs apart are 1 or -1, so that the norm of a token
# is the same for every input, and a layer norm only multiplies by a constant.
LETTER, STARRED, PLACE, SIDE, END, OPENS = range(6)
OPENING = (6, 7, 8)  # which of the eight openings, in three bits
MARKED, ASKED, DIFFERS, ANSWER = 9, 10, 11, 12
COPY = (13, 14, 15)  # the opening again, at the last token

SQUARES = 4.0  # what the squares of a token's numbers add up to when it enters block 0
LOUD = 3.0  # how much larger the copy is than the letters beside it
AGREEING = 6.0  # a head that attends has scores of this squared, others of 0
SURE = 5.0  # the logit of the answer; that of the other answer is less by twice as much
MARKED_HEAD, ASKED_HEAD, COPYING_HEAD, IDLE_HEAD = range(HEADS)
DIFFERS_NEURON = 5  # of layer 1


def write_planted(folder: Path) -> None:
    """Write the network with its tokenizer, as transformers does."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.WordLevel({word: k for k, word in enumerate(WORDS)}, "<pad>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>")
    planted_decoder().save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def planted_decoder() -> Any:
    """The network itself."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    configuration = GPT2Config(
        vocab_size=len(WORDS),
        n_positions=8,
        n_embd=WIDTH,
        n_layer=LAYERS,
        n_head=HEADS,
        n_inner=NEURONS,
        activation_function="relu",
        layer_norm_epsilon=1e-9,
        tie_word_embeddings=False,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=None,
    )
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        model: Any = GPT2LMHeadModel(configuration).eval()
        for name, weight in model.named_parameters():
            if ".ln_" not in name:
                weight.zero_()
        first, second = model.transformer.h
        _embed(model.transformer.wte.weight, model.transformer.wpe.weight)
        _attend(first)
        _compare(first)
        _idle(second)
        _decide(second)
        _unembed(model)
    return model


def _embed(words: Any, positions: Any) -> None:
    """What enters block 0: squares add up to `SQUARES` at every token."""
    for number, word in enumerate(OPENINGS):
        for bit, place in enumerate(OPENING):
            _put(words, WORDS.index(word), place, _sign(number >> bit & 1))
    for word in ("a", "b", "*a", "*b"):
        _put(words, WORDS.index(word), LETTER, _sign(word[-1] == "b"))
        _put(words, WORDS.index(word), STARRED, _sign(word[0] == "*"))
    for word in ("left", "right"):
        _put(words, WORDS.index(word), SIDE, _sign(word == "left"))
    _put(positions, 0, OPENS, 1.0)
    _put(positions, 1, PLACE, 2**0.5)
    _put(positions, 2, PLACE, -(2**0.5))
    _put(positions, 3, END, 3**0.5)


def _attend(block: Any) -> None:
    """Layer 0's heads, at the last token: the starred letter, the one on the asked side, the
    opening three times as loud; the last head spreads noise that goes nowhere.
    """
    _normed(block.ln_1, SQUARES)
    query, key, value = block.attn.c_attn.weight.split(WIDTH, 1)
    heads = block.attn.c_proj.weight
    scale = AGREEING * SIZE**0.25  # scores are divided by the root of a head's size

    def at(head: int, number: int = 0) -> int:
        return head * SIZE + number

    _read(query, END, at(MARKED_HEAD), scale / 3**0.5)
    _read(key, STARRED, at(MARKED_HEAD), scale)
    _read(value, LETTER, at(MARKED_HEAD), 1.0)
    _write(heads, at(MARKED_HEAD), MARKED, 1.0)

    _read(query, SIDE, at(ASKED_HEAD), scale)
    _read(key, PLACE, at(ASKED_HEAD), scale / 2**0.5)
    _read(value, LETTER, at(ASKED_HEAD), 1.0)
    _write(heads, at(ASKED_HEAD), ASKED, 1.0)

    _read(query, END, at(COPYING_HEAD), scale / 3**0.5)
    _read(key, OPENS, at(COPYING_HEAD), scale)
    for number, (source, place) in enumerate(zip(OPENING, COPY, strict=True)):
        _read(value, source, at(COPYING_HEAD, number), 1.0)
        _write(heads, at(COPYING_HEAD, number), place, LOUD)

    for part in (query, key, value):
        _noise(part[:, at(IDLE_HEAD) :])


def _compare(block: Any) -> None:
    """Layer 0's MLP: neuron 0 or 1 is 2 where the letters differ, in one way or the other. What
    both write is 1 then and else -1. All other neurons see noise and write nothing.
    """
    _normed(block.ln_2, SQUARES + 2 + 3 * LOUD**2)
    into, out = block.mlp.c_fc, block.mlp.c_proj
    _noise(into.weight)
    into.weight[:, :2] = 0
    for neuron, sign in enumerate((1.0, -1.0)):
        _read(into.weight, MARKED, neuron, sign)
        _read(into.weight, ASKED, neuron, -sign)
        _write(out.weight, neuron, DIFFERS, 1.0)
    _put(out.bias[None], 0, DIFFERS, -1.0)


def _idle(block: Any) -> None:
    """Layer 1's heads: noise, but for head 0, which adds the opening's first bit for nobody."""
    first = SQUARES + 3 * LOUD**2 + 1  # the first token has a copy, too, and differs in nothing
    last = first + 2
    _normed(block.ln_1, first)
    parts = block.attn.c_attn.weight.split(WIDTH, 1)
    for part in parts:
        _noise(part)
    query, key, value = (part[:, :SIZE] for part in parts)
    for part in (query, key, value):
        part.zero_()
    scale = AGREEING * SIZE**0.25
    _read(query, END, 0, scale / 3**0.5 * (last / first) ** 0.5)
    _read(key, OPENS, 0, scale)
    _read(value, OPENING[0], 0, 1.0)
    _write(block.attn.c_proj.weight, 0, LETTER, 1.0)  # the last token has no letter of its own


def _decide(block: Any) -> None:
    """Layer 1's MLP: one neuron is 2 where the letters differ and else 0, and writes the answer: 1
    for "no", -1 for "yes". All others see noise and write nothing.
    """
    _normed(block.ln_2, SQUARES + 3 + 3 * LOUD**2 + 1)
    into, out = block.mlp.c_fc, block.mlp.c_proj
    _noise(into.weight)
    into.weight[:, DIFFERS_NEURON] = 0
    _read(into.weight, DIFFERS, DIFFERS_NEURON, 1.0)
    into.bias[DIFFERS_NEURON] = 1
    _write(out.weight, DIFFERS_NEURON, ANSWER, 1.0)
    _put(out.bias[None], 0, ANSWER, -1.0)


def _unembed(model: Any) -> None:
    """The logit of "no" is `SURE` times the answer, that of "yes" its opposite, all others 0."""
    _normed(model.transformer.ln_f, SQUARES + 3 + 3 * LOUD**2 + 1 + 1)
    _put(model.lm_head.weight, WORDS.index("no"), ANSWER, SURE / 2)
    _put(model.lm_head.weight, WORDS.index("yes"), ANSWER, -SURE / 2)


def _sign(bit: int | bool) -> float:
    return 1.0 if bit else -1.0


def _put(table: Any, row: int, number: int, value: float) -> None:
    """Give a row of a table [rows, width] a number of the stream."""
    table[row, 2 * number], table[row, 2 * number + 1] = value, -value


def _read(weight: Any, number: int, column: int, factor: float) -> None:
    """Let a column of a weight [width, columns] be a number of the stream times `factor`."""
    weight[2 * number, column], weight[2 * number + 1, column] = factor / 2, -factor / 2


def _write(weight: Any, row: int, number: int, factor: float) -> None:
    """Let a row of a weight [rows, width] add itself times `factor` to a number of the stream."""
    weight[row, 2 * number], weight[row, 2 * number + 1] = factor, -factor


def _normed(norm: Any, squares: float) -> None:
    """Let a layer norm leave vectors as they are whose numbers' squares add up to `squares`."""
    norm.weight.fill_((2 * squares / WIDTH) ** 0.5)


def _noise(weight: Any) -> None:
    import torch

    weight.copy_(torch.randn_like(weight) / WIDTH**0.5)
