"""What a look at test is of: the pairs and the network, what the claim says, and the run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace

from causalspec.compiler import Specification
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.experiment import Experiment
from causalspec.runtime.results.looks import LedgerError, look
from causalspec.runtime.results.records import ClaimVerdict, Manifest


def looked(
    verdict: ClaimVerdict,
    specification: Specification,
    experiment: Experiment,
    manifest: Manifest,
    fit: FitSettings,
) -> ClaimVerdict:
    """The verdict with how often its test pairs have been looked at; as it is where none was
    scored. A ledger that can't be kept is a note, and no failure.
    """
    if not verdict.score.total:
        return verdict
    run = {
        "fit": asdict(fit),
        "keeps_unanswered": experiment.keeps_unanswered,
        "reused": manifest.reused,
        "answers": manifest.answers,
        "precision": manifest.precision,
    }
    try:
        found = look(
            _digest(_of_data(experiment), manifest.network_sha256),
            _digest(_of_claim(specification, experiment)),
            _digest(run),
        )
    except LedgerError as error:
        note = f"how often test has been looked at is not known: {error}"
        return replace(verdict, notes=(*verdict.notes, note))
    return replace(verdict, looks=found)


def _of_data(experiment: Experiment) -> list[str]:
    """The test pairs as drawn, labels included, and the prompt that shows them."""
    found = [_prompt(experiment, experiment.claim.prompt)]
    for pairs in experiment.draw_test():
        content = hashlib.sha256(pairs.kinds.tobytes())
        for name, column in sorted(pairs.columns.items()):
            content.update(f"{name} {column.dtype.str}".encode())
            content.update(column.tobytes())
        found.append(content.hexdigest())
    return found


def _of_claim(specification: Specification, experiment: Experiment) -> dict[str, object]:
    """What the claim says and what it is about, all names resolved: neither its own name nor how
    the spec is laid out. Values of the compiler name no place in the text.
    """
    claim = experiment.claim
    variables = tuple(replace(variable, documentation="") for variable in claim.model.variables)
    return {
        "expectations": repr([replace(line, text="") for line in claim.expectations]),
        "model": repr(replace(claim.model, variables=variables, documentation="")),
        "placements": repr(specification.alignments[claim.alignment].placements),
        "prompt": _prompt(experiment, experiment.fitting_prompt),
        "splits": repr([design.splits for design in experiment.designs]),
        "files": sorted(specification.files.items()),
    }


def _prompt(experiment: Experiment, name: str | None) -> str:
    prompts = experiment.task.prompts
    shown = prompts.get(name or "") or next(iter(prompts.values()), None)
    return repr(shown)


def _digest(*content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]
