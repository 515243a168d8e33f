"""Plans of claims, and verdicts over several seeds, as one runs them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from causalspec.exit_codes import ExitCode
from causalspec.progress import TerminalWatcher
from causalspec.runtime.watch import Part, Work
from tests.compiler.front.test_scores import text
from tests.helpers.terminal import Terminal
from tests.helpers.tiny_player import SPEC


def test_the_command(run: Terminal):
    run.write(spec="language 1\n" + text("lower(iia) >= 0.95"))
    status, printed, _ = run("plan", "spec.causal")
    assert status == ExitCode.FINE
    assert "Pairs.test: 50 pairs, which count as" in printed
    assert (
        "warning: `lower(iia) >= 0.95` can't hold: no result on 46 pairs could show it; about"
        in printed
    )
    status, printed, _ = run("plan", "spec.causal", "--format", "json")
    [plan] = json.loads(printed)["claims"]
    assert (plan["claim"], plan["candidates"], plan["seeds"]) == ("C", None, 1)
    assert plan["powers"][0]["probability"] == 0
    assert len(plan["warnings"]) == 1
    assert run("plan", "spec.causal", "--claim", "D")[0] == ExitCode.WRONG_USAGE


def test_a_plan_on_a_network(player: Path, run: Terminal) -> None:
    run.write(spec=SPEC)
    network = ("--network", str(player), "--device", "cpu", "--steps", "30")
    status, printed, complaint = run("plan", "spec.causal", *network)
    assert status == ExitCode.FINE
    # Two sites and as many of an untrained network, shuffled labels, and the rival.
    found = re.search(
        r"on this network: 2 sites, (\d+) fits, (\d+) steps in all, (\d+) distinct inputs, "
        r"([0-9.]+ KiB) of activations \(in memory\), about \d+ s\n",
        printed,
    )
    assert found is not None, printed
    fits, steps, inputs = map(int, found.groups()[:3])
    assert steps == 30 * fits
    assert inputs <= 2 * (64 + 24 + 24)
    assert "note:" not in complaint
    for command in (["plan"], ["verify", "--plan"]):
        name, *more = command
        printed = run(name, "spec.causal", *network, "--format", "json", *more)[1]
        [plan] = json.loads(printed)["claims"]
        here = plan["on_network"]
        assert (here["sites"], here["fits"], here["needs"]["inputs"]) == (2, fits, inputs)
        assert here["seconds"] > 0
    assert not Path("results").exists()
    status, printed, _ = run("align", "spec.causal", "Last", *network, "--plan")
    assert status == ExitCode.FINE
    assert "on this network: 2 sites, 2 fits, 60 steps in all" in printed
    assert not Path("results").exists()
    printed = run("plan", "spec.causal", *network, "--memory", "1")[1]
    assert " of activations (in a file), about " in printed


@pytest.mark.parametrize("method", ["factors(dim = 3)", "mask(over = pca(4))"])
def test_a_plan_of_a_choice_among_what_is_computed(
    method: str, player: Path, run: Terminal
) -> None:
    """Timing a step needs factors and components, though none are computed yet."""
    run.write(spec=SPEC.replace("das(dim = 8)", method))
    network = ("--network", str(player), "--device", "cpu", "--steps", "30")
    status, printed, _ = run("align", "spec.causal", "Last", *network, "--plan")
    assert status == ExitCode.FINE
    assert "on this network: 2 sites, 2 fits, 60 steps in all" in printed


def test_the_plan_is_what_is_done(
    player: Path, run: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is planned of a claim is counted off by the end of it, whether it is run at once or
    goes on from where it stood.
    """
    told: list[tuple[Work, Work]] = []

    class Counting(TerminalWatcher):
        def begin(self, parts: Sequence[Part]) -> None:
            super().begin(parts)
            [part] = parts
            told.append((part.work, Work()))

        def done(self, work: Work) -> None:
            super().done(work)
            if told:
                told[-1] = (told[-1][0], told[-1][1] + work)

    monkeypatch.setattr("causalspec.progress.TerminalWatcher", Counting)
    line = "expect iia >= 0.80"
    run.write(spec=SPEC.replace(line, "expect iia >= 0.80 for 1 of 2 seeds"))
    where = ("--network", str(player), "--device", "cpu", "--out", "out", "--steps", "10")
    run("verify", "spec.causal", *where, "--keep-unanswered")
    [(planned, done)] = told
    assert done.steps == planned.steps
    assert 0.5 * planned.scored <= done.scored <= 1.5 * planned.scored
    assert 0.5 * planned.read <= done.read <= 1.5 * planned.read


def test_each_seed_is_a_sweep_of_its_own(player: Path, run: Terminal) -> None:
    line = "expect iia >= 0.80"
    assert line in SPEC
    run.write(spec=SPEC.replace(line, "expect iia >= 0.80 for 2 of 3 seeds"))
    where = ("--network", str(player), "--device", "cpu", "--out", "out", "--steps", "30")
    run("verify", "spec.causal", *where)
    verdict = json.loads(Path("out/result.json").read_text(encoding="utf-8"))["verdicts"][0]
    first, *others = verdict["expectations"]
    assert first["text"] == "iia >= 0.80 for 2 of 3 seeds"
    assert [seed["seed"] for seed in first["by_seed"]] == [0, 1, 2]
    assert first["by_seed"][0]["value"] == first["value"] == round(verdict["score"]["mean"], 9)
    assert all(math.isfinite(seed["value"]) and seed["sites"] for seed in first["by_seed"])
    assert len({seed["value"] for seed in first["by_seed"]}) > 1 or first["value"] == 1
    assert all(not other["by_seed"] for other in others)
