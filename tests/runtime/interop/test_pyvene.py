"""Beside pyvene itself: its models made from specs solve alike, its data has the shape of ours."""

from __future__ import annotations

import importlib.util
import os
import random
import re
import subprocess
import sys
from typing import Any

import numpy
import pytest
import torch

from causalspec.compiler.compile import load_specification
from causalspec.compiler.data.counterfactuals import generate
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.model import CausalModel, Role
from causalspec.compiler.specification import Specification
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.interop.pyvene_data import counterfactual_dataset
from causalspec.runtime.interop.pyvene_models import InputSampler, _values, to_pyvene, value_of
from causalspec.runtime.networks.network import wrap_network
from causalspec.runtime.sites.components import tap_of
from causalspec.runtime.sites.hooks import taps_edited, taps_read
from causalspec.runtime.sites.site import Site
from tests.helpers.families import masking_tokenizer, small_model
from tests.helpers.spec_files import SPECS

CYCLIC = "Feedback"


def loaded(name: str) -> Specification:
    specification, _ = load_specification(SPECS / name / f"{name}.causal")
    assert specification is not None
    return specification


EQUALITY = loaded("hierarchical_equality")
MODELS = [
    model
    for name in ("hierarchical_equality", "price_tagging", "indirect_object", "addition",
                 "city_attributes", "firing_squad")
    for model in loaded(name).models.values()
]  # fmt: skip
DESIGN = EQUALITY.counterfactuals["OneOrBoth"]
MODEL = DESIGN.model


@pytest.fixture
def pyvene() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MPLBACKEND", "agg")
        return pytest.importorskip("pyvene", reason="pyvene is not installed")


def words(model: CausalModel, setting: dict[str, int]) -> dict[str, Any]:
    return {
        name: value_of(model.by_name[name].domain, code)
        for name, code in setting.items()
        if model.by_name[name].role is not Role.ABBREVIATION
    }


def admitted(model: CausalModel, chance: random.Random) -> dict[str, int]:
    while True:
        names = model.exogenous
        setting = {name: chance.choice(model.by_name[name].domain.codes()) for name in names}
        if interpret.satisfies(model, setting):
            return setting


# Models ----------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_pyvene_solves_and_intervenes_as_the_interpreter_does(
    model: CausalModel, pyvene: Any
) -> None:
    theirs = to_pyvene(model)
    assert isinstance(theirs, pyvene.CausalModel)
    variables = [variable for variable in model.variables if variable.role is not Role.ABBREVIATION]
    assert sorted(theirs.variables) == sorted(variable.name for variable in variables)
    assert theirs.inputs == list(model.exogenous)
    assert theirs.outputs == list(model.outputs)
    chance = random.Random(0)
    for _ in range(10):
        base, source = admitted(model, chance), admitted(model, chance)
        solution = interpret.solve(model, base)
        assert dict(theirs.run_forward(words(model, base))) == words(model, solution)
        for name in model.intermediates:
            swapped = interpret.solve(model, source)[name]
            expected = words(model, interpret.solve(model, base, {name: swapped}))
            found = theirs.run_interchange(words(model, base), {name: words(model, source)})
            assert dict(found) == expected


@pytest.mark.filterwarnings("ignore")
def test_pyvenes_own_generator_runs_on_it(pyvene: Any) -> None:
    """The loop of its tutorials, unchanged: it draws sources that give the intervened value."""
    random.seed(0)
    model = loaded("price_tagging").models["LeftAndRightBoundary"]
    theirs = to_pyvene(model)
    made = theirs.generate_counterfactual_dataset(64, lambda _: 0, 4)
    assert len(made) == 64
    for row in made:
        assert row["input_ids"].shape == (3,)
        assert row["source_input_ids"].shape == (2, 3)
        lower, upper, _ = (round(100 * x) for x in row["input_ids"].tolist())
        assert 250 <= upper - lower <= 750
    assert len({tuple(row["labels"].tolist()) for row in made}) == 2


@pytest.mark.filterwarnings("ignore")
def test_noise_rests_where_none_is_given(pyvene: Any) -> None:
    theirs = to_pyvene(loaded("firing_squad").models["TwoRiflemen"])
    assert dict(theirs.run_forward({"ordered": False}))["dead"] is False
    assert dict(theirs.run_forward({"ordered": False, "nervous": True}))["dead"] is True


def test_inputs_are_drawn_by_their_weights_and_for_a_value() -> None:
    model = loaded("firing_squad").models["TwoRiflemen"]
    draw = InputSampler(model, 0)
    ordered = [draw()["ordered"] for _ in range(4_000)]
    assert abs(sum(ordered) / 4_000 - 0.7) < 0.05
    for _ in range(50):
        world = draw(output_var="dead", output_var_value=True)
        assert world["ordered"] or world["nervous"]
    with pytest.raises(ToolFailure, match="none of 1,000,000 inputs gives `dead` the value maybe"):
        draw(output_var="dead", output_var_value="maybe")


@pytest.mark.filterwarnings("ignore")
def test_cyclic_models_are_refused(pyvene: Any) -> None:
    with pytest.raises(ToolFailure, match="is cyclic"):
        to_pyvene(loaded("thermostat").models[CYCLIC])


def test_tuples_are_listed_as_they_are_told() -> None:
    model = loaded("price_tagging").models["BracketIdentity"]
    bracket = model.by_name["bracket"].domain
    listed = _values(bracket)
    assert len(listed) == bracket.size == len(set(listed))
    for code in random.Random(0).sample(bracket.codes(), 50):
        assert listed[code] == value_of(bracket, code)


# Data ------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
def test_our_examples_have_the_keys_and_shapes_of_pyvenes(pyvene: Any) -> None:
    random.seed(0)
    (theirs, *_) = to_pyvene(MODEL).generate_counterfactual_dataset(1, lambda _: 0, 1)
    for ours in counterfactual_dataset(DESIGN, "test", rows=12):
        assert list(ours) == list(theirs)
        for name, tensor in theirs.items():
            assert (ours[name].shape, ours[name].dtype) == (tensor.shape, tensor.dtype)


@pytest.mark.filterwarnings("ignore")
def test_pyvene_derives_our_labels(pyvene: Any) -> None:
    theirs = to_pyvene(MODEL)
    pairs = generate(DESIGN, "test", rows=90)
    examples = counterfactual_dataset(DESIGN, "test", rows=90)
    assert {len(DESIGN.kinds[kind].variables) for kind in pairs.kinds.tolist()} == {1, 2}
    for row, example in enumerate(examples):
        kind = DESIGN.kinds[int(example["intervention_id"])]
        base = dict(zip(MODEL.inputs, map(int, example["input_ids"].tolist()), strict=True))
        given = iter(example["source_input_ids"].tolist())
        swapped = [name for name in theirs.variables if name in kind.variables]
        sources = {n: dict(zip(MODEL.inputs, map(int, next(given)), strict=True)) for n in swapped}
        assert theirs.run_interchange(base, sources)["same"] == bool(example["labels"])
        assert theirs.run_forward(base)["same"] == bool(example["base_labels"])
        assert base == {name: int(pairs.base[name][row]) for name in MODEL.inputs}
        assert all(not any(padding) for padding in given)


def test_batches_are_of_one_kind_each() -> None:
    made = counterfactual_dataset(DESIGN, "test", rows=100, batch_size=8)
    ids = [int(row["intervention_id"]) for row in made]
    batches = [set(ids[start : start + 8]) for start in range(0, len(ids), 8)]
    assert len(ids) == 96
    assert all(len(row) == 1 for row in batches)
    assert [row.pop() for row in batches[:6]] == [0, 1, 2, 0, 1, 2]


def test_an_encoding_and_functions_of_the_users_own() -> None:
    task = EQUALITY.tasks["SameRelation"]
    encoded = counterfactual_dataset(DESIGN, "test", task=task, rows=3)
    assert encoded[0]["input_ids"].shape == (16,)
    assert encoded[0]["source_input_ids"].shape == (2, 16)
    seen: list[Any] = []

    def number(values: Any) -> int:
        seen.append(dict(values))
        return 7

    made = counterfactual_dataset(
        DESIGN, "test", rows=6, intervention_id=number,
        input_function=lambda setting: torch.tensor([setting["a"], -1]),
        output_function=lambda setting: torch.tensor([2.0 if setting["same"] else 3.0]),
    )  # fmt: skip
    plain = counterfactual_dataset(DESIGN, "test", rows=6)
    for row, other in zip(made, plain, strict=True):
        assert row["input_ids"].tolist() == [int(other["input_ids"][0]), -1]
        assert row["labels"].tolist() == [2.0 if other["labels"] else 3.0]
        assert row["intervention_id"].tolist() == [7]
    assert {frozenset(pair) for pair in seen} == {
        frozenset({"left"}), frozenset({"right"}), frozenset({"left", "right"}),
    }  # fmt: skip
    pairs = generate(DESIGN, "test", rows=6)
    first = DESIGN.kinds[int(pairs.kinds[0])]
    source = {name: int(column[0]) for name, column in pairs.sources[first.sources[0]].items()}
    swapped = interpret.solve(MODEL, source)[first.variables[0]]
    assert seen[0][first.variables[0]] == bool(swapped)


def test_decimals_are_their_values_and_words_their_codes() -> None:
    design = loaded("price_tagging").counterfactuals["SwapAbove"]
    (row,) = counterfactual_dataset(design, "test", rows=1)
    pairs = generate(design, "test", rows=1)
    expected = [int(pairs.base[name][0]) / 100 for name in design.model.inputs]
    assert numpy.allclose(row["input_ids"].tolist(), expected)
    assert row["labels"].tolist() == [float(pairs.label["answer"][0])]


def test_no_rows() -> None:
    assert counterfactual_dataset(DESIGN, "test", rows=0) == []
    assert counterfactual_dataset(DESIGN, "test", rows=5, batch_size=8) == []


# The page --------------------------------------------------------------------------------------


def test_the_page_does_what_it_says() -> None:
    if importlib.util.find_spec("pyvene") is None:
        pytest.skip("pyvene is not installed")
    root = SPECS.parent
    page = (root / "docs" / "pyvene.md").read_text(encoding="utf-8")
    code, shown = (
        "".join(re.findall(rf"^```{kind}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
        for kind in ("python", "text")
    )
    environment = os.environ | {"MPLBACKEND": "agg"}
    command = [sys.executable, "-W", "ignore", "-c", code]
    run = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=True
    )
    told = [line for line in run.stdout.splitlines() if not line.startswith("nnsight is not")]
    assert told == shown.splitlines()


# Networks ----------------------------------------------------------------------------------------

HEAD = 2
COMPONENTS = {
    "residual": ("block_output", None),
    "attention_output": ("attention_output", None),
    "mlp_output": ("mlp_output", None),
    "head": ("head_attention_value_output", HEAD),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("component", COMPONENTS)
def test_losses_under_a_rotation_are_those_of_pyvene(component: str, pyvene: Any) -> None:
    """One subspace, taken from other prompts at the last token, at the same site of GPT-2."""
    network = wrap_network("gpt2", small_model("gpt2", torch.float32), masking_tokenizer())
    named, head = COMPONENTS[component]
    tap = tap_of(network, Site(component, 1, unit=head))
    generator = torch.Generator().manual_seed(0)
    rotation = torch.linalg.qr(torch.randn(tap.width, 4, generator=generator))[0]
    base, source = torch.randint(3, 300, (2, 8, 6), generator=generator)
    labels = torch.randint(3, 300, (8,), generator=generator)
    taken: list[torch.Tensor] = []
    with taps_read([tap], lambda _, tensor: taken.append(tap.read(tensor)[:, -1].clone())):
        network.model(source)

    def swapped(tensor: torch.Tensor) -> torch.Tensor:
        value = tap.read(tensor).clone()
        value[:, -1] += (taken[0] - value[:, -1]) @ rotation @ rotation.T
        return tap.write(tensor, value)

    with taps_edited([(tap, swapped)]):
        ours = network.model(base).logits[:, -1]
    unit = "pos" if head is None else "h.pos"
    config = pyvene.IntervenableConfig(
        model_type=type(network.model),
        representations=[pyvene.RepresentationConfig(1, named, unit, 1, low_rank_dimension=4)],
        intervention_types=pyvene.LowRankRotatedSpaceIntervention,
    )
    intervenable = pyvene.IntervenableModel(config, network.model)
    [intervention] = intervenable.interventions.values()
    with torch.no_grad():
        intervention.rotate_layer.weight = rotation
    where: Any = 5
    if head is not None:
        there = [[[[head]] * 8, [[5]] * 8]]
        where = (there, there)
    _, theirs = intervenable({"input_ids": base}, [{"input_ids": source}], {"sources->base": where})
    plain, edited, expected = (
        float(torch.nn.functional.cross_entropy(logits, labels).detach())
        for logits in (network.model(base).logits[:, -1], ours, theirs.logits[:, -1])
    )
    assert abs(edited - expected) <= 1e-5
    assert abs(plain - expected) > 1e-3
