"""What the pages of `docs/` show is true: specs check clean, links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from causalspec.compiler.compile import check_file

DOCS = Path(__file__).parents[2] / "docs"


def test_the_tutorial_builds_one_spec_that_checks_clean(tmp_path: Path):
    page = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    led = ("language", "model", "counterfactuals", "align", "claim")
    parts = re.findall(r"^```causal\n(.*?)^```$", page, re.M | re.S)
    assert tuple(part.split()[0] for part in parts) == led
    spec = tmp_path / "gift.causal"
    spec.write_text("\n".join(parts), encoding="utf-8")
    checked = check_file(spec)
    assert not checked.diagnostics
    assert all(examination.holds for examination in checked.examinations)
    broken = spec.read_text(encoding="utf-8").replace("var name = taker", "var name = giver")
    spec.write_text(broken, encoding="utf-8")
    [error] = check_file(spec).diagnostics
    assert f"error[{error.code}]: {error.message}" in page


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path):
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target
