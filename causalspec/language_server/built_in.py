"""The names that the language brings along, each with a sentence for the reader."""

from __future__ import annotations

from typing import Final

from causalspec.dsl import catalogue
from causalspec.language_server.symbols import Kind, Scope, Symbol


def _scope(names: dict[str, str]) -> Scope:
    return Scope({name: Symbol(name, Kind.BUILT_IN, help=text) for name, text in names.items()})


TYPES: Final = _scope(
    {
        "bool": "The two values `false` and `true`.",
        "words": "Named symbols: one a line of a file, or whichever a mechanism yields.",
    }
)
FUNCTIONS: Final = _scope(
    {
        "abs": "`abs(x)`: the absolute value.",
        "min": "`min(x, y)`, or `min(body for i in 0..3)`: the least.",
        "max": "`max(x, y)`, or `max(body for i in 0..3)`: the greatest.",
        "sum": "`sum(body for i in 0..3)`: the sum over a family.",
        "all": "`all(body for i in 0..3)`: whether the body holds for every index.",
        "any": "`any(body for i in 0..3)`: whether the body holds for some index.",
        "count": "`count(body for i in 0..3)`: for how many indices the body holds.",
        "argmax": "`argmax(body for i in 0..3)`: the first index where the body is greatest.",
        "first": "`first(body for i in 0..3)`: the first index where the body holds; undefined "
        "where it holds for none.",
        "defined": "`defined(result)`, in `keep`, `balance` and `cover`: whether the hypothesis "
        "gives the outputs of a run, or one variable of it, a value.",
    }
)
DISTRIBUTIONS: Final = _scope(
    {
        "uniform": "Every value is equally likely.",
        "bernoulli": "`bernoulli(0.1)`: true with this probability.",
        "weights": "`weights { A => 2  else => 1 }`: a weight for each value.",
    }
)
CODINGS: Final = _scope(
    {
        "symbol": "`symbol(dim = 4)`: a fixed random vector for each value.",
        "onehot": "A one at the value's place, zeros elsewhere.",
        "scalar": "The value itself, as one number.",
    }
)
FORMS: Final = _scope({"vector": "The inputs' vectors, one after the other."})
SITES: Final = _scope(
    {
        "residual": "The residual stream after a layer.",
        "hidden": "The output of a layer of a plain network.",
    }
)
ANCHORS: Final = _scope(
    {
        "last": "The prompt's last token.",
        "first": "The prompt's first token.",
        "all": "Every token of the prompt.",
        "slot": "`slot(name).last`: a token of what a slot renders.",
        "text": '`text("dollars").last`: a token of a text that the prompt holds.',
    }
)
METHODS: Final = _scope(
    {
        "das": "`das(dim = 16)`: a trained rotation; so many of its dimensions are swapped.",
        "boundless_das": "A trained rotation whose number of dimensions is trained, too.",
        "full_vector": "The whole vector is swapped; nothing is trained.",
    }
)
METRICS: Final = _scope(
    {
        "iia": "Interchange intervention accuracy: on which share of the pairs the network says "
        "what the model says.",
        "lower": "`lower(iia)`: the lower end of the confidence interval.",
        "upper": "`upper(iia)`: the upper end of the confidence interval.",
        "mean": "`mean(A.test, B.test)`: the scores' mean over several data sets.",
    }
)
CONTROLS: Final = _scope(
    {
        "random_subspace": "As many random dimensions at the same site.",
        "random_network": "The same architecture, untrained, fitted as hard.",
        "shuffled_labels": "Fitted to permuted labels.",
        "no_swap": "The base's own answer: the floor that the data set itself gives away.",
        "full_vector": "The whole vector is swapped.",
    }
)


def code_symbol(code: str) -> Symbol | None:
    """The code of a warning that a file allows, with what it stands for."""
    if catalogue.explanation(code) is None:
        return None
    return Symbol(code, Kind.BUILT_IN, help=f"{catalogue.title(code)}: `causalspec explain {code}`")
