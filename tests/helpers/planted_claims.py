"""Claims about the decoder whose places are known, verified as `causalspec verify` would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from causalspec.compiler.compile import check_file
from causalspec.compiler.specification import Specification
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.results.records import ClaimVerdict
from causalspec.runtime.scoring.verify import VerifySettings, verify
from causalspec.runtime.untyped import save_tensors
from tests.helpers import planted_decoder as planted

VARIABLES = ("mark", "which", "letter", "marked", "asked", "differs")
DATA = "".join(
    f"""
counterfactuals Swap_{variable} of Steps {{
  swap {variable}
  balance result.answer != base.answer
  split train 64, validation 32, test 48
}}
"""
    for variable in VARIABLES
)
LETTERS = "letters.safetensors"

FIT = FitSettings(steps=40, batch=32, learning_rate=0.1)


@dataclass(frozen=True, slots=True)
class Asked:
    """One claim: a variable, where and how it is looked for, and the scores that are asked for."""

    variable: str
    place: str
    scores: tuple[str, ...] = ("iia",)

    def text(self, name: str) -> str:
        expected = "".join(f"  expect {score} <= 1000\n" for score in self.scores)
        return f"""
align At_{name} of Steps {{ var {self.variable} at {self.place} }}
claim {name} {{
  of Steps on Swap_{self.variable}.test with At_{name}
{expected}}}
"""


def specified(folder: Path, claims: Mapping[str, Asked]) -> Specification:
    """The checked spec with these claims, and a dictionary of letters beside it."""
    write_letters(folder / LETTERS)
    path = folder / "match.causal"
    asked = "".join(claim.text(name) for name, claim in claims.items())
    path.write_text(planted.TASK + DATA + asked, encoding="utf-8")
    checked = check_file(path)
    assert checked.specification is not None, checked.diagnostics
    return checked.specification


def verified(
    folder: Path, network: TaskNetwork, claims: Mapping[str, Asked], fit: FitSettings = FIT
) -> dict[str, ClaimVerdict]:
    """The verdict on each claim, all of one run."""
    specification = specified(folder, claims)
    found = verify(specification, network, folder / "results", VerifySettings(fit=fit))
    return {verdict.claim: verdict for verdict in found.verdicts}


def write_letters(path: Path) -> None:
    """A dictionary at the attention's output: features 0 and 1 are the starred letter, 2 and 3 the
    one that is asked for, each of both with a feature for "b" and one for "a".
    """
    numbers = (planted.MARKED, planted.MARKED, planted.ASKED, planted.ASKED)
    encoder, decoder = torch.zeros(planted.WIDTH, 4), torch.zeros(4, planted.WIDTH)
    for feature, (number, sign) in enumerate(zip(numbers, (1.0, -1.0) * 2, strict=True)):
        encoder[2 * number, feature], encoder[2 * number + 1, feature] = sign / 2, -sign / 2
        decoder[feature, 2 * number], decoder[feature, 2 * number + 1] = sign, -sign
    none = {"b_enc": torch.zeros(4), "b_dec": torch.zeros(planted.WIDTH)}
    save_tensors({"W_enc": encoder, "W_dec": decoder} | none, path)


# By hand, without any of our runtime -------------------------------------------------------------


def prompts_of(columns: Mapping[str, Any]) -> Tensor:
    """The tokens [rows, 4] of inputs as the compiler numbers them: `letter` and `Side` from 0."""
    rows: list[list[int]] = []
    names = ("opening", "first", "second", "star", "side")
    for opening, first, second, star, side in zip(*(columns[name] for name in names), strict=True):
        letters = ["ab"[first], "ab"[second]]
        letters[star] = f"*{letters[star]}"
        words = (planted.OPENINGS[opening], *letters, ("left", "right")[side])
        rows.append([planted.WORDS.index(word) for word in words])
    return torch.tensor(rows)


def log_probabilities(model: Any, prompts: Tensor) -> Tensor:
    """Of every word [rows, words] after each prompt."""
    with torch.no_grad():
        return model(input_ids=prompts).logits[:, -1].log_softmax(-1)
