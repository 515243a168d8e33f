"""`explanation.json`: why claims fail, as plain values and as JSON text, with its schema."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import msgspec

from causalspec.runtime.results.as_json import (
    ResultsError,
    json_text,
    json_value,
    schema_of,
    with_numbers,
)

EXPLANATION = "explanation.json"
FORMAT = 2


@dataclass(frozen=True, slots=True)
class JudgedInput:
    """An input as people read it: whether the hypothesis explains it, with the share of the
    explained inputs that it gets on with, and whether the rule calls it exceptional, None where
    there is no rule. `explained_by` are the hypotheses, rivals among them, that explain it.
    """

    text: str
    explained: bool
    agreement: float
    exceptional: bool | None
    explained_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LearntRule:
    """What tells the inputs that the hypothesis does not explain from the others. `text` is the
    condition and `line` the statement that can be pasted into the model. It is `wrong` about some
    of the inputs shown. It leaves a `share` of the validation inputs, and `pairs` of the test
    pairs: on these the IIA is `iia`, its 95 % interval from `lower` to `upper`, under maps that
    were fitted to such pairs alone.
    """

    text: str
    line: str
    wrong: int
    share: float
    pairs: int
    iia: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """The share of inputs that sets cover in which each input gets on with the share `threshold`,
    and the IIA of the swaps within the sets, None where they are empty.
    """

    threshold: float
    share: float
    iia: float | None


@dataclass(frozen=True, slots=True)
class Strength:
    """Strength against faithfulness of one hypothesis, or of several combined."""

    hypotheses: tuple[str, ...]
    curve: tuple[Coverage, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a claim fails. `swaps` are the kinds of swap that were made between every two of the
    `inputs`, and `get_on` says of each input with which it gets on, a 0 or 1 for each, both in the
    order of `inputs`. `reason` says why there is no rule, or no partition.
    """

    claim: str
    model: str
    swaps: tuple[str, ...]
    threshold: float
    iia: float | None
    iia_explained: float | None
    inputs: tuple[JudgedInput, ...]
    get_on: tuple[str, ...]
    rule: LearntRule | None
    reason: str
    strengths: tuple[Strength, ...]

    @property
    def explained(self) -> int:
        """How many inputs are explained."""
        return sum(judged.explained for judged in self.inputs)


@dataclass(frozen=True, slots=True)
class _File:
    format: int
    explanations: tuple[Explanation, ...]


def explanations_json(explanations: Sequence[Explanation]) -> str:
    """The explanations of a run as indented JSON with sorted keys, ending in a newline."""
    return json_text(json_value(_File(FORMAT, tuple(explanations))))


def read_explanations(folder: Path) -> tuple[Explanation, ...]:
    """The explanations in a results folder, none where the run was not asked for any.

    Raises `ResultsError` where the file can't be read.
    """
    path = folder / EXPLANATION
    if not path.exists():
        return ()
    try:
        content = cast(object, json.loads(path.read_text(encoding="utf-8")))
        found = msgspec.convert(content, _File, strict=False)
    except OSError as error:
        raise ResultsError(f"can't read `{path}`: {error.strerror}") from error
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        raise ResultsError(f"`{path}` does not hold explanations: {error}") from error
    if found.format != FORMAT:
        raise ResultsError(
            f"`{path}` has format {found.format}, this version reads {FORMAT}",
            help="verify the spec again: explanations of another format are not converted",
        )
    return found.explanations


def explanations_schema() -> str:
    """The JSON Schema (draft 2020-12) of `explanation.json`, as text."""
    root = schema_of(_File, "causalspec explanations")
    root["properties"]["format"] = {"const": FORMAT}
    return json_text(with_numbers(root))
