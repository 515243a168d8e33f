"""Plans of claims, and verdicts over several seeds, as one runs them."""

from __future__ import annotations

import json
import math
from pathlib import Path

from causalspec.exit_codes import ExitCode
from tests.compiler.front.test_scores import text
from tests.helpers.terminal import Terminal
from tests.helpers.tiny_player import SPEC


def test_the_command(run: Terminal):
    run.write(spec="language 1\n" + text("lower(iia) >= 0.95"))
    status, printed, _ = run("plan", "spec.causal")
    assert status == ExitCode.FINE
    assert "Pairs.test: 50 pairs, which count as" in printed
    assert (
        "warning: `lower(iia) >= 0.95` can't hold: no result on 50 pairs could show it; about"
        in printed
    )
    status, printed, _ = run("plan", "spec.causal", "--format", "json")
    [plan] = json.loads(printed)["claims"]
    assert (plan["claim"], plan["candidates"], plan["seeds"]) == ("C", None, 1)
    assert plan["powers"][0]["probability"] == 0
    assert len(plan["warnings"]) == 1
    assert run("plan", "spec.causal", "--claim", "D")[0] == ExitCode.WRONG_USAGE
    assert run("verify", "spec.causal", "--network", "none", "--plan")[0] == ExitCode.FINE


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
