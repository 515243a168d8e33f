"""Experiment: the labels of the first public sampler of price tagging, beside those that follow.

That sampler drew a label, then one of the pairs of regions listed for it (1: the amount lies below
both bounds, 2: between them, 3: above both), then prices in these regions. The lists below are what
was published; how prices are drawn from them is written anew.
"""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from causalspec.compiler.data.audit.columns import read_column_map
from causalspec.compiler.data.audit.files import open_rows
from causalspec.compiler.data.audit.labels import Audit, audit, with_abbreviations
from causalspec.compiler.specification import CounterfactualDesign
from tests.helpers.spec_files import ROOT, SPECS, loaded

FOLDER = SPECS / "label_audit"
YES = {
    "left": {(1, 2), (1, 3), (2, 2)},
    "right": {(3, 2), (3, 1), (2, 2)},
}
ALL = [(base, source) for base in (1, 2, 3) for source in (1, 2, 3)]
WRONG = {"left": (2, 3), "right": (2, 1)}
DESIGNS = {"left": "LeftRegions", "right": "RightRegions"}
REGIONS = ["base.region", "source.region", "result.answer"]
HEADER = (
    "base_lower_bound", "base_upper_bound", "base_amount",
    "source_lower_bound", "source_upper_bound", "source_amount", "ctf_label",
)  # fmt: skip
ROWS = 12_000

both = pytest.mark.parametrize("side", ["left", "right"])


def design(side: str) -> CounterfactualDesign:
    specification = loaded(FOLDER / "label_audit.causal")
    task = specification.tasks["PriceTagging"].model
    return with_abbreviations(specification.counterfactuals[DESIGNS[side]], task)


def audited(side: str, path: Path) -> Audit:
    told = read_column_map(FOLDER / "columns.toml")
    return audit(design(side), open_rows(path), told, REGIONS, most=3)


def drawn(side: str, seed: int) -> Iterator[tuple[float | str, ...]]:
    """Rows of the sampler: prices as floats, as it computed with them."""
    chance = random.Random(seed)
    for _ in range(ROWS):
        label = chance.choice(["Yes", "No"])
        listed = sorted(pair for pair in ALL if (pair in YES[side]) == (label == "Yes"))
        cells: list[float] = []
        for region in chance.choice(listed):
            width = round(chance.uniform(2.5, 7.5), 2)
            lower = round(chance.uniform(0.05, 9.95 - width), 2)
            upper = lower + width  # not rounded: 6.1899999999999995 is 6.19
            low, high = {1: (0.01, lower - 0.01), 2: (lower, upper), 3: (upper + 0.01, 9.99)}[
                region
            ]
            cells += [lower, upper, round(chance.uniform(low, high), 2)]
        yield (*cells, label)


@both
def test_on_rows_of_the_sampler_exactly_one_pair_of_regions_is_wrong(
    side: str, tmp_path: Path
) -> None:
    path = tmp_path / "sampled.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *drawn(side, 0)])
    found = audited(side, path)
    assert (found.rows, found.outside) == (ROWS, 0)
    for (base, source, _), tally in found.strata.items():
        wrong = (int(base), int(source)) == WRONG[side]
        assert tally.wrong == (tally.rows if wrong else 0)
    assert {(int(base), int(source)) for base, source, _ in found.strata} == set(ALL)
    assert abs(found.share - 1 / 12) < 0.01  # half the rows say No, a sixth of those this pair


@both
def test_the_table_itself_gives_the_share_and_the_ceiling(side: str) -> None:
    """Twelve rows: each pair labelled Yes twice, since three share what six share under No."""
    found = audited(side, FOLDER / f"{side}.csv")
    derived = {(int(b), int(s)): label for b, s, label in found.strata}
    written = {pair: "Yes" if pair in YES[side] else "No" for pair in ALL}
    assert [pair for pair in ALL if written[pair] != derived[pair]] == [WRONG[side]]
    assert (derived[WRONG[side]], written[WRONG[side]]) == ("Yes", "No")
    assert {pair: found.strata[str(pair[0]), str(pair[1]), derived[pair]].rows for pair in ALL} == {
        pair: 2 if pair in YES[side] else 1 for pair in ALL
    }
    assert (found.rows, found.wrong, found.share) == (12, 1, 1 / 12)
    assert round(1 - found.share, 3) == 0.917


def test_the_page_shows_these_files() -> None:
    page = (ROOT / "docs" / "label-audit.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^<!-- file: (\S+) -->\n```\w*\n(.*?)^```$", page, re.M | re.S))
    for file in ("label_audit.causal", "left.csv", "right.csv", "columns.toml"):
        assert shown[file] == (FOLDER / file).read_text(encoding="utf-8")
