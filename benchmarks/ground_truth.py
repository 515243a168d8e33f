"""Does the search find where a variable is? Networks built and planted for specs, all known.

Twenty networks are built and twenty planted, of the models of ground_truth.causal with seeds of
their own. Each is searched by the alignment that offers all its layers; it is found where what
`align` calls best is the true site of every variable. The models are such that no other layer can
hold them as well: a variable that is an input's value is already there below, and one that decides
the output alone is there above as well.

    python benchmarks/ground_truth.py [--kinds built planted] [--seeds 10] [--write]

`--write` puts the table into docs/making.md. Half an hour on one core, nearly all of it for
planting; needs causalspec[run] alone.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from transformers.utils import logging

from causalspec.compiler.compile import load_specification
from causalspec.compiler.specification import Specification
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.making.made import MadeReport, Training, build, train, write_made
from causalspec.runtime.making.planting import Planted
from causalspec.runtime.making.truth import Truth, read_truth
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.scoring.alignments import FittedAlignment, align
from causalspec.runtime.scoring.verify import VerifySettings

SPEC = Path(__file__).with_suffix(".causal")
PAGE = Path(__file__).parents[1] / "docs" / "making.md"
FIT = FitSettings(steps=200, batch=256, learning_rate=3e-2)
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->"


@dataclass(frozen=True, slots=True)
class Subject:
    """A model, the claim whose variables are planted, the alignment that searches for them, and how
    a network is trained for it, 20 times in all with the others.
    """

    model: str
    claim: str
    search: str
    networks: int
    training: Training


SUBJECTS = (
    Subject(
        "BothEqualities",
        "PlantedEqualities",
        "SearchEqualities",
        10,
        Training(layers=4, steps=1_000, batch=256, learning_rate=1e-2),
    ),
    Subject(
        "Decided",
        "PlantedMatch",
        "SearchMatches",
        10,
        Training(layers=4, steps=1_000, batch=256, learning_rate=1e-2),
    ),
)


@dataclass(frozen=True, slots=True)
class Found:
    """How a network fares, where its variables are, and where the search says that they are."""

    kind: str
    model: str
    seed: int
    report: MadeReport
    true: str
    best: str
    score: float
    seconds: float

    @property
    def is_found(self) -> bool:
        """Every variable at its true site."""
        return self.true == self.best


def main() -> None:
    """Make, search and print, a line a network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", nargs="+", default=["built", "planted"])
    parser.add_argument("--seeds", type=int, default=10, help="of each model at most")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    specification, diagnostics = load_specification(SPEC)
    assert specification is not None, diagnostics
    results: list[Found] = []
    for kind in options.kinds:
        for subject in SUBJECTS:
            for seed in range(min(options.seeds, subject.networks)):
                found = searched(specification, kind, subject, seed)
                results.append(found)
                truth = found.report.truth
                assert truth is not None
                print(
                    f"{kind:8} {subject.model:15} {seed} right {found.report.right:.3f} "
                    f"truth {truth.iia.mean:.3f} shuffled {truth.shuffled.mean:.3f} "
                    f"search {found.score:.3f} at {found.best}"
                    + ("" if found.is_found else f", not {found.true}")
                    + f" ({found.seconds:.0f} s)",
                    flush=True,
                )
    table = as_table(results)
    print(table)
    if options.write:
        page = PAGE.read_text(encoding="utf-8")
        between = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.S)
        PAGE.write_text(between.sub(BEGIN + table + END, page), encoding="utf-8")


def searched(specification: Specification, kind: str, subject: Subject, seed: int) -> Found:
    """Make one network, and search it."""
    started = time.monotonic()
    model = specification.models[subject.model]
    with tempfile.TemporaryDirectory() as out:
        folder = Path(out) / "network"
        if kind == "built":
            made = build(specification, model, subject.training.layers, None, seed)
        else:
            planted = Planted(specification, (subject.claim,), strict=True)
            training = replace(subject.training, seed=seed)
            made = train(specification.tasks[model.task], training, planted)
        report = write_made(folder, made, specification, model, seed)
        network = load_task_network(str(folder), "cpu")
        truth = read_truth(folder, network.network)
        alignment = specification.alignments[subject.search]
        (design,) = (
            design
            for design in specification.counterfactuals.values()
            if design.model.name == subject.model
        )
        settings = VerifySettings(fit=FIT)
        fitted = align(specification, alignment, design, network, Path(out) / "results", settings)
    return Found(
        kind,
        subject.model,
        seed,
        report,
        true_sites(truth, fitted),
        named(fitted),
        fitted.best.validation.mean,
        time.monotonic() - started,
    )


def named(fitted: FittedAlignment) -> str:
    """The best sites' layers."""
    return ", ".join(f"layer {site.layer}" for site in fitted.best.sites)


def true_sites(truth: Truth, fitted: FittedAlignment) -> str:
    """The truth's layers, those of variables that are searched for together once."""
    searched_for = {site.variable: site.site.split()[-1] for site in truth.sites}
    layers = dict.fromkeys(f"layer {layer}" for layer in searched_for.values())
    return ", ".join(list(layers)[: len(fitted.best.sites)])


def as_table(results: list[Found]) -> str:
    """A row a kind and model."""
    lines = [
        "| networks | model | right answers | IIA of the truth | shuffled | found |",
        "|---|---|---|---|---|---|",
    ]
    for kind, model in dict.fromkeys((found.kind, found.model) for found in results):
        rows = [found for found in results if (found.kind, found.model) == (kind, model)]
        truths = [found.report.truth for found in rows if found.report.truth is not None]
        lines.append(
            f"| {kind} | {model} | {span([found.report.right for found in rows])} "
            f"| {span([truth.iia.mean for truth in truths])} "
            f"| {span([truth.shuffled.mean for truth in truths])} "
            f"| {sum(found.is_found for found in rows)} of {len(rows)} |"
        )
    return "\n".join(lines) + "\n"


def span(shares: list[float]) -> str:
    """The least and the largest of some shares."""
    least, most = f"{min(shares):.3f}", f"{max(shares):.3f}"
    return least if least == most else f"{least} to {most}"


if __name__ == "__main__":
    main()
