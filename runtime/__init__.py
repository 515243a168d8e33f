"""Networks: sites, runs with edits, alignment maps, fits, verdicts, reports.

The names below are the room's whole face: other rooms import nothing deeper. Each is imported when
it is first used, so that a name costs what it needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

_HOMES = {
    "EarlierMaps": "fitting.reuse",
    "earlier_maps": "fitting.reuse",
    "earlier_run": "fitting.reuse",
    "TextReader": "inputs.seen_texts",
    "SeenToken": "inputs.task_network",
    "TaskNetwork": "inputs.task_network",
    "TokenKind": "inputs.task_network",
    "TextNetwork": "inputs.text_network",
    "BulkTokenizer": "inputs.token_columns",
    "examine_tokens": "inputs.token_examination",
    "load_tokenizer": "inputs.tokenizer_places",
    "counterfactual_dataset": "interop.pyvene_data",
    "to_pyvene": "interop.pyvene_models",
    "InterchangeBatches": "interop.torch_data",
    "EqualityRecipe": "making.equalities",
    "shares_right": "making.equalities",
    "train_on_pairs": "making.equalities",
    "Exercises": "making.exercises",
    "Planted": "making.planting",
    "Recipe": "making.training",
    "train_decoder": "making.training",
    "load_task_network": "networks.locations",
    "load_network": "networks.network",
    "verbatim": "report.text",
    "json_value": "results.as_json",
    "to_json": "results.as_json",
    "REPORT": "results.files",
    "check_destination": "results.files",
    "print_verdicts": "results.verdict_table",
    "FittedAlignment": "scoring.alignments",
    "align": "scoring.alignments",
    "check_alignment_destination": "scoring.alignments",
    "SeenPair": "scoring.one_pair",
    "SwappedAt": "scoring.one_pair",
    "look_at": "scoring.one_pair",
    "VerifySettings": "scoring.verify",
    "choose_claims": "scoring.verify",
    "verify": "scoring.verify",
    "Advance": "watch",
}

if TYPE_CHECKING:
    from causalspec.runtime.fitting.reuse import EarlierMaps as EarlierMaps
    from causalspec.runtime.fitting.reuse import earlier_maps as earlier_maps
    from causalspec.runtime.fitting.reuse import earlier_run as earlier_run
    from causalspec.runtime.inputs.seen_texts import TextReader as TextReader
    from causalspec.runtime.inputs.task_network import SeenToken as SeenToken
    from causalspec.runtime.inputs.task_network import TaskNetwork as TaskNetwork
    from causalspec.runtime.inputs.task_network import TokenKind as TokenKind
    from causalspec.runtime.inputs.text_network import TextNetwork as TextNetwork
    from causalspec.runtime.inputs.token_columns import BulkTokenizer as BulkTokenizer
    from causalspec.runtime.inputs.token_examination import examine_tokens as examine_tokens
    from causalspec.runtime.inputs.tokenizer_places import load_tokenizer as load_tokenizer
    from causalspec.runtime.interop.pyvene_data import (
        counterfactual_dataset as counterfactual_dataset,
    )
    from causalspec.runtime.interop.pyvene_models import to_pyvene as to_pyvene
    from causalspec.runtime.interop.torch_data import InterchangeBatches as InterchangeBatches
    from causalspec.runtime.making.equalities import EqualityRecipe as EqualityRecipe
    from causalspec.runtime.making.equalities import shares_right as shares_right
    from causalspec.runtime.making.equalities import train_on_pairs as train_on_pairs
    from causalspec.runtime.making.exercises import Exercises as Exercises
    from causalspec.runtime.making.planting import Planted as Planted
    from causalspec.runtime.making.training import Recipe as Recipe
    from causalspec.runtime.making.training import train_decoder as train_decoder
    from causalspec.runtime.networks.locations import load_task_network as load_task_network
    from causalspec.runtime.networks.network import load_network as load_network
    from causalspec.runtime.report.text import verbatim as verbatim
    from causalspec.runtime.results.as_json import json_value as json_value
    from causalspec.runtime.results.as_json import to_json as to_json
    from causalspec.runtime.results.files import REPORT as REPORT
    from causalspec.runtime.results.files import check_destination as check_destination
    from causalspec.runtime.results.verdict_table import print_verdicts as print_verdicts
    from causalspec.runtime.scoring.alignments import FittedAlignment as FittedAlignment
    from causalspec.runtime.scoring.alignments import align as align
    from causalspec.runtime.scoring.alignments import (
        check_alignment_destination as check_alignment_destination,
    )
    from causalspec.runtime.scoring.one_pair import SeenPair as SeenPair
    from causalspec.runtime.scoring.one_pair import SwappedAt as SwappedAt
    from causalspec.runtime.scoring.one_pair import look_at as look_at
    from causalspec.runtime.scoring.verify import VerifySettings as VerifySettings
    from causalspec.runtime.scoring.verify import choose_claims as choose_claims
    from causalspec.runtime.scoring.verify import verify as verify
    from causalspec.runtime.watch import Advance as Advance


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = import_module(f"{__name__}.{_HOMES[name]}")
    return getattr(home, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
