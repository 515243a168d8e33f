"""`align`: every site with its validation scores, and other metrics where they are asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.terminal import Terminal
from tests.helpers.tiny_player import ALIGNMENT, SPEC

WHOLE = SPEC.replace("das(dim = 8)", "full_vector")


def test_other_metrics_stand_beside_each_site(player: Path, run: Terminal) -> None:
    run.write(spec=WHOLE)
    where = ("align", "spec.causal", "Last", "--network", str(player), "--device", "cpu")
    asked = ("--measure", "log_odds", "--measure", "cause")
    status, printed, _ = run(*where, *asked, "--out", "a", "--format", "json")
    assert status == 0
    sites = json.loads(printed)["sites"]
    for site in sites:
        odds, cause = site["measures"]
        assert (odds["metric"], odds["of"], cause["metric"]) == ("log_odds", "", "cause")
        assert odds["lower"] <= odds["value"] <= odds["upper"] and odds["pairs"] > 0
        assert 0 <= cause["value"] <= 1
    best = max(sites, key=lambda site: site["validation"]["mean"])
    worst = min(sites, key=lambda site: site["validation"]["mean"])
    if best["validation"]["mean"] > worst["validation"]["mean"]:
        assert best["measures"][0]["value"] > worst["measures"][0]["value"]

    _, printed, _ = run(*where, *asked, "--out", "b")
    heading = next(line for line in printed.splitlines() if "validation IIA" in line)
    assert heading.split()[-2:] == ["log_odds", "cause"]
    _, printed, _ = run(*where, "--out", "c", "--format", "json")
    assert all(not site["measures"] for site in json.loads(printed)["sites"])


@pytest.mark.parametrize(
    ("metric", "complaint"),
    [
        ("log_ods", "there is no metric `log_ods`; did you mean `log_odds`?"),
        ("auroc", "`auroc` is not measured by swaps: ask for it in a claim"),
    ],
)
def test_what_is_not_such_a_metric(
    player: Path, run: Terminal, metric: str, complaint: str
) -> None:
    run.write(spec=WHOLE)
    status, _, said = run(
        "align", "spec.causal", "Last", "--network", str(player), "--measure", metric
    )
    assert (status, said) == (2, f"causalspec align: {complaint}\n")


def test_several_are_aligned_in_one_run(player: Path, run: Terminal) -> None:
    """Each as it is alone, in a folder of its name."""
    again = ALIGNMENT.replace("Last", "Again").replace("das(dim = 8)", "full_vector")
    run.write(spec=WHOLE + again)
    network = ("--network", str(player), "--device", "cpu", "--format", "json")
    status, printed, _ = run("align", "spec.causal", "Last", "Again", *network, "--out", "both")
    assert status == 0
    both = json.loads(printed)
    assert [fitted["alignment"] for fitted in both] == ["Last", "Again"]
    _, printed, _ = run("align", "spec.causal", "Last", *network, "--out", "alone")
    assert json.loads(printed)["sites"] == both[0]["sites"] == both[1]["sites"]
    assert sorted(path.name for path in Path("both").iterdir()) == ["Again", "Last"]


def test_pairs_are_shown_under_another_prompt(player: Path, run: Terminal) -> None:
    [line] = [line for line in WHOLE.splitlines() if line.strip().startswith("prompt")]
    name = line.split()[1]
    run.write(spec=WHOLE.replace(line, f"{line}\n{line.replace(name, 'again', 1)}"))
    network = ("--network", str(player), "--device", "cpu", "--format", "json")
    where = ("align", "spec.causal", "Last", *network)
    _, first, _ = run(*where, "--out", "a")
    status, again, said = run(*where, "--prompt", "again", "--out", "b")
    assert status == 0, said
    assert json.loads(again)["sites"] == json.loads(first)["sites"]
    status, _, said = run(*where, "--prompt", "agian", "--out", "c")
    assert status == 2 and "has no prompt `agian`; did you mean `again`?" in said
