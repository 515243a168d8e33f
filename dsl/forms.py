"""How each statement and declaration is written, shown where one of them cannot be read."""

from __future__ import annotations

from typing import Final

FORMS: Final = {
    "type": "type Color = {Red, Green}",
    "table": 'table City "cities.csv" key name { country : words }',
    "function": "function double(x : 0..9) = 2 * x",
    "import": 'import "lexicon.causal" { Name }',
    "task": "task Parity { … }",
    "model": "model Direct of Parity { … }",
    "counterfactuals": "counterfactuals Pairs of Direct { … }",
    "align": "align Places of Direct { … }",
    "claim": "claim Computed { … }",
    "abstraction": "abstraction Kept from Fine to Coarse { odd = left % 2 }",
    "derive": "derive Coarse from Fine { … }",
    "allow": 'allow CS502 "half of the labels are meant to stay"',
    "input": "input x : 0..9",
    "require": "require x != y",
    "let": "let z = x + 1",
    "output": "output o : bool = x == y",
    "prompt": 'prompt p "{x} and {y} are"',
    "say": 'say o "{o}"',
    "encode": "encode vector { x, y as symbol(dim = 4) }",
    "example": "example { x = 1 } gives { o = true }",
    "var": "var v = x == y",
    "noise": "noise u : bool ~ bernoulli(0.1)",
    "swap": "swap v from s",
    "keep": "keep where result.o != base.o",
    "balance": "balance result.o",
    "cover": "cover left, right",
    "distinguish": "distinguish from Rival",
    "split": "split train 1_000, test 200 disjoint by (x)",
    "seed": "seed 3",
    "of": "of Direct on Pairs.test with Places",
    "expect": "expect iia >= 0.9",
    "marginalize": "marginalize v",
    "merge": "merge (a, b) as both",
    "collapse": "collapse v { A, B => C  else => D }",
}
"""By the word that leads it."""

ELSEWHERE: Final = {
    ("align", "var"): "var v at residual layers 0..* token last by das(dim = 16)",
    ("counterfactuals", "noise"): "noise shared",
    ("counterfactuals", "derive"): "derive edited from base { x = 1 - base.x  draw y }",
}
"""By the block and the word, where another block holds the word, too."""


def form_of(word: str, block: str | None) -> str:
    """An example of what the word leads in a block."""
    return ELSEWHERE.get((block or "", word)) or FORMS[word]
