"""Placements: sites, edges, tokens taken together, methods with their arguments, writes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from causalspec.compiler.specification import (
    FileArgument,
    Method,
    PlacedSite,
    Placement,
    TokenRange,
    Write,
)
from causalspec.compiler.vocabulary import BUILT_IN
from tests.helpers.compiled import compiled, findings

TASK = """
type Color = {Red, Green, Blue}
task Pick {
  input color, other : Color
  output answer : Color = if color == other then Red else color
  prompt main "{other}, {color}:"
  encode vector { color, other as onehot }
}
model Direct of Pick {
  var first = color
  var second = other
  output answer = if first == second then Red else first
}
model Side of Pick {
  var first = color
  output answer = if first == other then Red else first
}
counterfactuals Pairs of Direct { swap first  split train 100, test 50 }
counterfactuals Other of Side { swap first  split train 100, test 50 }
"""
LINE = TASK.count("\n") + 2  # `language 1` stands before


def placements(*statements: str, folder: Path | None = None) -> tuple[Placement, ...]:
    body = "\n".join(statements)
    specification = compiled(f"{TASK}align A of Direct {{ {body} }}\n", folder)
    return specification.alignments["A"].placements


def wrong(statement: str, folder: Path | None = None) -> list[str]:
    """What is wrong with a statement, without its place."""
    found = findings(f"{TASK}align A of Direct {{ {statement} }}\n", folder)
    assert all(finding.split()[1].startswith(f"{LINE}:") for finding in found)
    return [" ".join([finding.split()[0], *finding.split()[2:]]) for finding in found]


# Sites --------------------------------------------------------------------------------------------

SITES = {
    "embedding": PlacedSite("embedding"),
    "residual": PlacedSite("residual", first_layer=0),
    "attention_output layers 3": PlacedSite("attention_output", first_layer=3, last_layer=3),
    "mlp_output layers 3..5": PlacedSite("mlp_output", first_layer=3, last_layer=5),
    "mlp_output layers {9, 3, 5}": PlacedSite(
        "mlp_output", first_layer=3, last_layer=9, layer_set=(3, 5, 9)
    ),
    "attention_output layers {4, 3}": PlacedSite("attention_output", first_layer=3, last_layer=4),
    "mlp_activation layers 3..*": PlacedSite("mlp_activation", first_layer=3),
    "head": PlacedSite("head", first_layer=0),
    "head[3] layers 1": PlacedSite("head", (3,), first_layer=1, last_layer=1),
    "head[0..3]": PlacedSite("head", (0, 1, 2, 3), first_layer=0),
    "query[{3, 1}]": PlacedSite("query", (1, 3), first_layer=0),
    "key[0]": PlacedSite("key", (0,), first_layer=0),
    "value": PlacedSite("value", first_layer=0),
    "neuron[{17}]": PlacedSite("neuron", (17,), first_layer=0),
    'module["encoder.3.mlp"]': PlacedSite("module", path="encoder.3.mlp"),
}


@pytest.mark.parametrize("written", SITES)
def test_sites(written: str) -> None:
    (placement,) = placements(f"var first at {written} token last by full_vector")
    assert placement.site == SITES[written]
    assert placement.receiver is None


def test_sites_without_tokens() -> None:
    hidden, module = placements(
        "var first at hidden layers 1..2 by full_vector",
        'var second at module["layers.1"] by full_vector',
    )
    assert (hidden.site, hidden.tokens) == (PlacedSite("hidden", None, None, 1, 2), ())
    assert (module.site, module.tokens) == (PlacedSite("module", None, "layers.1"), ())


def test_every_site_of_the_language_is_tried_here() -> None:
    assert {site.component for site in SITES.values()} | {"hidden"} == set(BUILT_IN.sites)


@pytest.mark.parametrize("written", [written for written in SITES if "{" not in written])
def test_sites_read_back_as_they_are_said(written: str) -> None:
    (again,) = placements(f"var first at {SITES[written].text} token last by full_vector")
    assert again.site == SITES[written]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("resdual token last", "CS705 unknown site `resdual` (did you mean `residual`?)"),
        (
            "wherever token last",
            "CS705 unknown site `wherever` (`causalspec vocabulary` lists them)",
        ),
        ("resid_post token last", "CS705 unknown site `resid_post` (here it is called `residual`)"),
        ("residual", "CS707 `residual` needs a token (add `token last`, or `token slot(…).last`)"),
        ("hidden token last", "CS707 `hidden` has no tokens (leave `token …` out)"),
        ("embedding layers 0 token last", "CS706 `embedding` has no layers (leave `layers …` out)"),
        (
            'module["a"] layers 0..*',
            "CS706 `module` has no layers (leave `layers …` out)",
        ),
        (
            "module token last",
            'CS728 `module` needs the path of a module (as in `module["encoder.3.mlp"]`)',
        ),
        (
            'module[" "]',
            'CS728 `module` needs the path of a module (as in `module["encoder.3.mlp"]`)',
        ),
        (
            "residual[3] token last",
            "CS728 `residual` has no parts that an index numbers (write `residual`, "
            "or `residual layers 3`)",
        ),
        (
            "neuron token last",
            "CS728 `neuron` needs an index (as in `neuron[17]`, or `neuron[0..8]` to try each of "
            "several)",
        ),
        (
            'head["left"] token last',
            'CS728 `"left"` is not the number of a head (write `head[3]`, `head[0..8]` or '
            "`head[{1, 3}]`)",
        ),
        (
            "key[-1] token last",
            "CS728 `-1` is not the number of a key head (write `key[3]`, `key[0..8]` or "
            "`key[{1, 3}]`)",
        ),
        (
            "head[0..*] token last",
            "CS728 `0..*` is not the number of a head (write `head[3]`, `head[0..8]` or "
            "`head[{1, 3}]`)",
        ),
        ("head[5..2] token last", "CS728 the range `5..2` is empty (write the lower number first)"),
        ("head[{2, 2}] token last", "CS728 head 2 is named twice"),
        ("neuron[9_000_000] token last", "CS728 no network has a neuron 9_000_000"),
        ("neuron[0..900_000] token last", "CS728 `neuron[0..900_000]` tries more than 100000"),
    ],
)
def test_unusable_sites(written: str, told: str) -> None:
    assert wrong(f"var first at {written} by full_vector") == [told]


def test_a_network_that_is_given_nothing_has_no_site() -> None:
    text = TASK.replace('  prompt main "{other}, {color}:"\n', "")
    text = text.replace("  encode vector { color, other as onehot }\n", "")
    sites = ("residual token last", "hidden", 'module["a"]')
    told = [findings(f"{text}align A of Direct {{ var first at {site} by full_vector }}\n")[0]
            for site in sites]  # fmt: skip
    assert [" ".join(said.split()[2:]) for said in told] == [
        "`residual` needs tokens, but task `Pick` has no prompt (add a `prompt`, or align at "
        "`hidden`)",
        "`hidden` needs vectors, but task `Pick` has no `encode` (add `encode vector { … }`, or "
        "align at `residual`)",
        "task `Pick` gives a network nothing to read (add a `prompt` or `encode vector { … }`)",
    ]


# Edges --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "head[9] layers 5 to mlp_output layers 8",
        "head layers 5 to mlp_output layers 5",
        "query layers 5 to head layers 5",
        "residual layers 0..* to residual layers 0..*",
        "residual layers 4 to query layers 5",
        "embedding to query layers 0",
        "embedding to residual",
        'head layers 5 to module["lm_head"]',
    ],
)
def test_edges(written: str) -> None:
    (placement,) = placements(f"var first at {written} token last by full_vector")
    assert placement.receiver is not None
    assert f"{placement.site.text} to {placement.receiver.text}".replace(" layers 0..*", "") in (
        written.replace(" layers 0..*", "")
    )


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (
            "head layers 8 to mlp_output layers 5",
            "nothing flows from `head layers 8` to `mlp_output layers 5`: layer 5 is computed "
            "before layer 8",
        ),
        (
            "mlp_output layers 5 to head layers 5",
            "nothing flows from `mlp_output layers 5` to `head layers 5`: within a layer `head` is "
            "not computed after `mlp_output`",
        ),
        (
            "residual layers 5 to residual layers 5",
            "nothing flows from `residual layers 5` to `residual layers 5`: within a layer "
            "`residual` is not computed after `residual`",
        ),
        (
            "head layers 5..* to query layers 3..5",
            "nothing flows from `head layers 5..*` to `query layers 3..5`: within a layer `query` "
            "is not computed after `head`",
        ),
        (
            "head layers 5 to embedding",
            "nothing flows from `head layers 5` to `embedding`: it is computed first",
        ),
    ],
)
def test_edges_that_nothing_flows_along(written: str, why: str) -> None:
    told = f"CS729 {why} (an edge leads from a site to one that is computed later)"
    assert wrong(f"var first at {written} token last by full_vector") == [told]


def test_an_edge_between_networks() -> None:
    (told, *_) = wrong("var first at head layers 1 to hidden layers 2 token last by full_vector")
    assert told.startswith("CS729 nothing flows from `head layers 1` to `hidden layers 2`: no net")


# Tokens -------------------------------------------------------------------------------------------


def test_ranges_taken_together() -> None:
    apart, together, all_ = placements(
        "var first at residual token slot(other).first .. last by full_vector",
        "var second at residual token slot(other).first .. last together by full_vector",
    ) + placements("var first at residual token all together by full_vector")
    assert (apart.together, together.together, all_.together) == (False, True, True)
    assert apart.tokens == together.tokens
    assert isinstance(together.tokens[0], TokenRange)


def test_one_token_is_not_taken_together() -> None:
    assert wrong("var first at residual token slot(other).last + 1 together by full_vector") == [
        "CS730 `slot(other).last + 1` is one token: there is nothing to take together (leave "
        "`together` out, or write a range such as `slot(x).first .. last`)"
    ]


def test_statements_are_numbered() -> None:
    found = placements(
        "var first at residual token last by full_vector",
        "var second at residual token last by full_vector",
    )
    assert [(placement.variable, placement.statement) for placement in found] == [
        ("first", 0),
        ("second", 1),
    ]
    found = placements("var first, second at residual token last by full_vector")
    assert [(placement.variable, placement.statement) for placement in found] == [
        ("first", 0),
        ("second", 0),
    ]


# Methods ------------------------------------------------------------------------------------------

METHODS = {
    "full_vector": Method("full_vector"),
    "das(dim = 16)": Method("das", (("dim", 16),)),
    "das(16)": Method("das", (("dim", 16),)),
    "boundless_das(dim = 64)": Method("boundless_das", (("dim", 64),)),
    "mask": Method("mask", (("over", Method("neurons")),)),
    "das(dim = 8, start = mean_difference)": Method(
        "das", (("dim", 8), ("start", Method("mean_difference")))
    ),
    "mask(over = neurons)": Method("mask", (("over", Method("neurons")),)),
    "mask(over = pca(128))": Method("mask", (("over", Method("pca", (("dim", 128),))),)),
    "pca(dim = 3)": Method("pca", (("dim", 3),)),
    "mean_difference": Method("mean_difference"),
    "probe": Method("probe"),
    "lda": Method("lda"),
    "lda(dim = 2)": Method("lda", (("dim", 2),)),
    "kmeans": Method("kmeans"),
    "factors(dim = 20)": Method("factors", (("dim", 20),)),
    "revnet(dim = 2)": Method("revnet", (("dim", 2), ("blocks", 10))),
    "revnet(blocks = 3, dim = 2)": Method("revnet", (("dim", 2), ("blocks", 3))),
    "random_subspace(dim = 2)": Method("random_subspace", (("dim", 2),)),
}


@pytest.mark.parametrize("written", METHODS)
def test_methods(written: str) -> None:
    (placement,) = placements(f"var first at residual token last by {written}")
    assert placement.method == METHODS[written]
    (again,) = placements(f"var first at residual token last by {placement.method.text}")
    assert again.method == placement.method


def test_every_method_of_the_language_is_tried_here() -> None:
    assert {method.name for method in METHODS.values()} | {"dictionary"} == set(BUILT_IN.methods)


def test_a_dictionary_beside_the_spec(tmp_path: Path) -> None:
    (tmp_path / "sae").mkdir()
    (tmp_path / "sae" / "a.safetensors").write_bytes(b"first")
    text = (
        f"{TASK}align A of Direct {{\n"
        '  var first at residual token last by dictionary("sae/a.safetensors", '
        "features = {907, 12})\n"
        '  var second at residual token last by mask(over = dictionary("sae/a.safetensors"))\n}\n'
    )
    specification = compiled(text, tmp_path)
    file = FileArgument("sae/a.safetensors", tmp_path / "sae" / "a.safetensors")
    first, second = [placement.method for placement in specification.alignments["A"].placements]
    assert first == Method("dictionary", (("file", file), ("features", (12, 907))))
    assert first.text == 'dictionary("sae/a.safetensors", features = {12, 907})'
    assert second.text == 'mask(over = dictionary("sae/a.safetensors"))'
    assert first.files == second.files == ("sae/a.safetensors",)
    assert first.argument("file") == file
    assert file.path == tmp_path / "sae" / "a.safetensors"
    assert first.dimension is None
    digest = {"sae/a.safetensors": hashlib.sha256(b"first").hexdigest()}
    assert specification.files == digest
    (tmp_path / "sae" / "a.safetensors").write_bytes(b"second, and longer")
    digest = {"sae/a.safetensors": hashlib.sha256(b"second, and longer").hexdigest()}
    assert compiled(text, tmp_path).files == digest


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("dsa(dim = 8)", "CS708 unknown method `dsa` (did you mean `das`?)"),
        ("das", "CS207 `das` needs `dim` (write `das(dim = 16)`)"),
        ("das(size = 8)", "CS207 unknown argument `size` (known here: `dim`, `start`)"),
        ("das(dim = 8, dim = 9)", "CS207 `dim` is given twice"),
        (
            "das(8, mean_difference, 9)",
            "CS207 `das` takes no further argument (it takes `dim`, `start`)",
        ),
        ('sae("a.safetensors")', "CS708 unknown method `sae` (here it is called `dictionary`)"),
        (
            "revnet(blocks = 8, 9)",
            "CS207 it is not said which argument of `revnet` this is (it takes `dim`, `blocks`)",
        ),
        ("full_vector(3)", "CS207 `full_vector` takes no arguments"),
        (
            "das(dim = 0)",
            "CS302 `0` is not a number that `dim` can be (write 1 to 65536)",
        ),
        (
            "das(dim = 2.5)",
            "CS209 `2.5` is not a whole number (write `dim = 16`: how many dimensions each "
            "variable has)",
        ),
        (
            "das(dim = {2, 3})",
            "CS209 `{2, 3}` is not a whole number (write `dim = 16`: how many dimensions each "
            "variable has)",
        ),
        (
            "das(dim = 8, start = mean_diference)",
            "CS731 unknown start `mean_diference` (did you mean `mean_difference`?)",
        ),
        (
            "das(dim = 8, start = 3)",
            "CS731 `3` is not what a rotation starts from (write `start = mean_difference`: what "
            "it starts from; drawn at random, if left out)",
        ),
        ("mask(over = neruons)", "CS731 unknown basis `neruons` (did you mean `neurons`?)"),
        ("mask(over = pca)", "CS207 `pca` needs `dim` (write `pca(dim = 16)`)"),
        ("mask(over = neurons(3))", "CS207 `neurons` takes no arguments"),
        (
            "mask(over = 3)",
            "CS731 `3` is not what a mask is over (write `over = neurons`: what is chosen from)",
        ),
        (
            'dictionary("a.safetensors", features = 3)',
            "CS731 `3` is not a set of whole numbers (write `features = {12, 907}`: which features "
            "are swapped)",
        ),
        (
            'dictionary("a.safetensors", features = {1.5})',
            "CS731 `1.5` is not a whole number (write `features = {12, 907}`: which features are "
            "swapped)",
        ),
        ('dictionary("a.safetensors", features = {3, 3})', "CS731 `3` is named twice"),
        (
            'dictionary("a.safetensors")',
            'CS207 `dictionary` needs `features` (write `dictionary("sae.safetensors", features = '
            "{12, 907})`)",
        ),
        (
            "dictionary(sae, features = {3})",
            'CS731 `sae` is not the name of a file in quotes (write `file = "sae.safetensors"`: '
            "the dictionary, a file beside the spec)",
        ),
        (
            'dictionary("b.safetensors", features = {3})',
            "CS220 there is no file `b.safetensors` beside the spec (did you mean "
            "`a.safetensors`?)",
        ),
        (
            'dictionary("../a.safetensors", features = {3})',
            "CS223 `../a.safetensors` lies outside the spec's folder (put the file beside the spec "
            "and name it by its relative path)",
        ),
    ],
)
def test_unusable_methods(written: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(b"")
    assert wrong(f"var first at residual token last by {written}", tmp_path) == [told]


# Writes -------------------------------------------------------------------------------------------

WRITES = {
    "interchange": None,
    "zero": Write("zero"),
    "mean(Pairs.train)": Write("mean", ("Pairs", "train")),
    "value(Green)": Write("value", values=(1,)),
    "steer(Red, Blue)": Write("steer", values=(0, 2)),
    "steer(Red, Blue, scale = -2.5)": Write("steer", values=(0, 2), scale=-2.5),
    "steer(away = Blue, to = Red)": Write("steer", values=(0, 2)),
}


@pytest.mark.parametrize("written", WRITES)
def test_writes(written: str) -> None:
    (placement,) = placements(f"var first at residual token last by full_vector writing {written}")
    assert placement.write == WRITES[written]


def test_every_write_of_the_language_is_tried_here() -> None:
    names = {"interchange" if write is None else write.name for write in WRITES.values()}
    assert names == set(BUILT_IN.writes)


def test_a_value_is_one_of_each_variable() -> None:
    text = TASK.replace("var second = other", "var second : {Blue, Green, Red} = other")
    text += "align A of Direct { var first, second at residual token last by probe"
    specification = compiled(f"{text} writing value(Blue) }}\n")
    found = [placement.write for placement in specification.alignments["A"].placements]
    assert found == [Write("value", values=(2,)), Write("value", values=(0,))]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("zeros", "CS732 unknown write `zeros` (did you mean `zero`?)"),
        ("zero(3)", "CS207 `zero` takes no arguments"),
        ("steer(Red)", "CS207 `steer` needs `away` (write `steer(V, W)`)"),
        ("mean", "CS207 `mean` needs `data` (write `mean(Pairs.train)`)"),
        (
            "mean(Pairs)",
            "CS709 `Pairs` is not a split of counterfactual data (write `mean(Pairs.train)`)",
        ),
        ("mean(Pears.train)", "CS201 unknown counterfactuals `Pears` (did you mean `Pairs`?)"),
        ("mean(Pairs.tain)", "CS201 unknown split `tain` (did you mean `train`?)"),
        ("mean(Other.train)", "CS710 `Other` is data of `Side`, the alignment is of `Direct`"),
        ("mean(Pick.train)", "CS202 `Pick` is a task, not a counterfactuals declaration"),
        ("value", "CS207 `value` needs `of` (write `value(V)`)"),
        ("value(Gren)", "CS201 unknown name `Gren` (did you mean `Green`?)"),
        ("value({Green})", "CS209 `{Green}` is not a constant"),
        ("value(other)", "CS209 `other` is not a constant"),
        (
            "steer(Red, Red)",
            "CS732 `steer` needs two values, not one twice (the first one's mean is added, the "
            "second one's taken off)",
        ),
        (
            "steer(Red, Blue, scale = much)",
            "CS209 `much` is not a number (write `scale = 1`: how many times the difference)",
        ),
    ],
)
def test_unusable_writes(written: str, told: str) -> None:
    found = wrong(f"var first at residual token last by full_vector writing {written}")
    assert found == [told]


# Words --------------------------------------------------------------------------------------------


def test_the_new_words_stay_names() -> None:
    specification = compiled(
        "task T { input together, writing : bool  output y : bool = together\n"
        '  prompt main "{together} {writing}" }\n'
        "model M of T { var to = together  output y = to }\n"
        "align A of M { var to at residual token slot(writing).first .. last together by probe\n"
        "  writing zero }\n"
    )
    (written,) = specification.alignments["A"].placements
    assert (written.variable, written.together, written.write) == ("to", True, Write("zero"))
