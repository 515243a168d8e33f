"""Networks made for specs: their tokens, what they are taught, and that they learn it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from transformers import AutoTokenizer

from causalspec import load_specification
from causalspec.compiler.specification import Specification, Task
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.chats import rendered_chat
from causalspec.runtime.inputs.text_network import TextNetwork
from causalspec.runtime.making.equalities import EqualityRecipe, shares_right, train_on_pairs
from causalspec.runtime.making.exercises import Exercise, Exercises
from causalspec.runtime.making.planting import InterchangeLessons, Planted
from causalspec.runtime.making.training import Recipe, TrainedDecoder, train_decoder
from causalspec.runtime.making.word_tokenizer import word_tokenizer
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.networks.network import load_network, wrap_network
from causalspec.runtime.scoring.verify import VerifySettings, verify
from tests.helpers import tiny_player
from tests.helpers.compiled import compiled
from tests.helpers.spec_files import SPECS, spec_file


def task_of(path: Path) -> Task:
    specification, diagnostics = load_specification(path)
    assert specification is not None, diagnostics
    (task,) = specification.tasks.values()
    return task


@pytest.fixture
def larger(tmp_path: Path) -> Task:
    path = tmp_path / "larger.causal"
    path.write_text(
        """
        language 1
        task Larger {
          input x, y : 0..3
          output larger : {Yes, No} = if x > y then Yes else No
          prompt sum \"""{x} and {y}:\"""
          prompt question \"""Is {x} above {y}?\"""
          say larger { Yes => " Yes it is"  No => " No" }
        }
        """,
        encoding="utf-8",
    )
    return task_of(path)


def tokens_of(tokenizer: Any, text: str) -> list[str]:
    return tokenizer.convert_ids_to_tokens(tokenizer(text).input_ids)


def test_a_token_is_a_word_a_digit_or_a_mark() -> None:
    text = "It costs 12.50 dollars, no more.\n São"
    tokenizer: Any = word_tokenizer([text])
    expected = ["It", " costs", " ", "1", "2", ".", "5", "0", " dollars", ",", " no", " more", "."]
    assert tokens_of(tokenizer, text) == [*expected, "\n", " São"]
    assert tokenizer.decode(tokenizer(text).input_ids) == text
    assert tokens_of(tokenizer, "It costs more") == ["It", " costs", " more"]
    assert tokens_of(tokenizer, "It cost 7") == ["It", "<unk>", " ", "<unk>"]


def test_exercises_are_the_tasks_prompts_with_right_answers(larger: Task) -> None:
    taken = Exercises([larger], 0, "training").take(200)
    right = {
        Exercise(text, " Yes it is" if x > y else " No")
        for x in range(4)
        for y in range(4)
        for text in (f"{x} and {y}:", f"Is {x} above {y}?")
    }
    assert set(taken) == right
    assert sum(name.prompt.startswith("Is") for name in taken) == 100
    assert Exercises([larger], 0, "training").take(200) == taken
    assert Exercises([larger], 1, "training").take(200) != taken
    assert Exercises([larger], 0, "test").take(200) != taken


def test_a_decoder_learns_chats_and_writes_them_itself(tmp_path: Path) -> None:
    task = compiled("""
task Copy {
  input seen : {Red, Blue, Green}
  output answer : {Red, Blue, Green} = seen
  prompt main chat { system "Be brief." user "I saw {seen as s}. What?" assistant "It was" }
  prompt bare chat { user "Was it {seen}?" }
  say answer " {answer}"
}
""").tasks["Copy"]
    taken = {exercise.prompt for exercise in Exercises([task], 0, "test").take(64)}
    assert "system: Be brief.\nuser: I saw Red. What?\nassistant: It was" in taken
    assert "user: Was it Blue?\nassistant:" in taken
    recipe = Recipe(steps=120, batch=32, layers=2, width=16, heads=2, learning_rate=1e-2)
    trained = train_decoder([task], recipe)
    trained.save(tmp_path)
    assert trained.share_right(Exercises([task], 0, "test").take(64)) == 1.0
    tokenizer: Any = AutoTokenizer.from_pretrained(tmp_path)
    columns = {"seen": numpy.array([0, 1, 2])}
    for prompt in task.prompts.values():
        assert taken.issuperset(rendered_chat(prompt, task.model, columns, tokenizer).texts)


def test_a_decoder_learns_its_task_and_is_loaded_as_it_was(larger: Task, tmp_path: Path) -> None:
    recipe = Recipe(steps=150, batch=64, layers=2, width=16, heads=2, learning_rate=1e-2)
    exercises = Exercises([larger], 0, "test").take(64)
    untrained = train_decoder([larger], Recipe(steps=0, layers=2, width=16, heads=2))
    assert untrained.share_right(exercises) < 0.2
    trained = train_decoder([larger], recipe)
    assert trained.share_right(exercises) == 1.0
    trained.save(tmp_path / "network")
    loaded = load_network(tmp_path / "network")
    assert weights(loaded.model) == weights(trained.model)
    assert weights(train_decoder([larger], recipe).model) == weights(trained.model)


def weights(model: Any) -> dict[str, list[Any]]:
    return {name: tensor.tolist() for name, tensor in model.state_dict().items()}


def test_an_answer_is_right_only_where_all_of_its_tokens_are(larger: Task) -> None:
    trained = train_decoder(
        [larger], Recipe(steps=150, batch=64, layers=2, width=16, heads=2, learning_rate=1e-2)
    )
    right = Exercise("2 and 1:", " Yes it is")
    assert trained.share_right([right, Exercise("2 and 1:", " Yes it No")]) == 0.5


def test_a_plain_network_learns_which_pairs_are_equal(tmp_path: Path) -> None:
    path = tmp_path / "equal.causal"
    path.write_text(
        """
        language 1
        task Equal {
          input a, b : 0..9
          output equal : bool = a == b
          encode vector { a, b as symbol(dim = 4) }
        }
        """,
        encoding="utf-8",
    )
    recipe = EqualityRecipe(lambda equal: equal[0], pairs=1, steps=500)
    network = train_on_pairs(recipe)
    assert sum(shares_right(network, task_of(path)).values()) / 2 > 0.9
    assert torch.equal(train_on_pairs(recipe).output.weight, network.output.weight)


def test_the_price_tagging_network_plays_its_game() -> None:
    network = load_network(SPECS / "price_tagging" / "network")
    player = TrainedDecoder(network.model, network.tokenizer)
    task = task_of(spec_file("price_tagging"))
    fresh = Exercises([task], 1, "fresh").take(2_000)
    assert player.share_right(fresh) >= 0.99


def test_planted_variables_are_found_where_they_were_planted(tmp_path: Path) -> None:
    path = tmp_path / "pick.causal"
    path.write_text(tiny_player.SPEC.replace("layers 0..1", "layers 0"), encoding="utf-8")
    specification, diagnostics = load_specification(path)
    assert specification is not None, diagnostics
    tasks = list(specification.tasks.values())
    recipe = Recipe(steps=200, batch=32, layers=2, width=32, heads=4, learning_rate=1e-2)
    behaving = train_decoder(tasks, recipe)
    planted = train_decoder(tasks, recipe, Planted(specification, ("TheColorFollows",)))
    exercises = Exercises(tasks, 0, "test").take(50)
    assert behaving.share_right(exercises) == planted.share_right(exercises) == 1.0
    lost = [in_its_subspaces(made, specification) for made in (behaving, planted)]
    assert lost[1] < 0.1 < 0.5 < lost[0]
    planted.save(tmp_path / "network")
    network = load_task_network(str(tmp_path / "network"), "cpu")
    settings = VerifySettings(fit=FitSettings(steps=60, batch=32, learning_rate=3e-2))
    (verdict,) = verify(specification, network, tmp_path / "results", settings).verdicts
    assert verdict.score.mean >= 0.95


def in_its_subspaces(trained: TrainedDecoder, specification: Specification) -> float:
    """The loss of interchanges in the very subspaces that are planted."""
    network = wrap_network("trained", trained.model, trained.tokenizer)
    lessons = InterchangeLessons(
        TextNetwork(network), Planted(specification, ("TheColorFollows",)), 0
    )
    with torch.no_grad():
        return float(lessons.loss(64))
