"""Networks: sites, runs with edits, alignment maps, fits, verdicts, reports.

The names below are the room's whole face: other rooms import nothing deeper. Each is imported when
it is first used, so that a name costs what it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from causalspec.dsl.faces import homes_of, offered

if TYPE_CHECKING:
    from causalspec.runtime.engine.precision import chosen_precision as chosen_precision
    from causalspec.runtime.engine.storage import MemoryBudget as MemoryBudget
    from causalspec.runtime.engine.threads import threads as threads
    from causalspec.runtime.fitting.reuse import EarlierMaps as EarlierMaps
    from causalspec.runtime.fitting.reuse import earlier_maps as earlier_maps
    from causalspec.runtime.fitting.reuse import earlier_run as earlier_run
    from causalspec.runtime.inputs.chats import rendered_chat as rendered_chat
    from causalspec.runtime.inputs.seen_texts import TextReader as TextReader
    from causalspec.runtime.inputs.task_network import SeenToken as SeenToken
    from causalspec.runtime.inputs.task_network import TaskNetwork as TaskNetwork
    from causalspec.runtime.inputs.task_network import TokenKind as TokenKind
    from causalspec.runtime.inputs.text_network import TextNetwork as TextNetwork
    from causalspec.runtime.inputs.token_columns import BulkTokenizer as BulkTokenizer
    from causalspec.runtime.inputs.token_examination import examine_tokens as examine_tokens
    from causalspec.runtime.inputs.tokenizer_places import load_chats as load_chats
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
    from causalspec.runtime.making.made import MadeReport as MadeReport
    from causalspec.runtime.making.made import Training as Training
    from causalspec.runtime.making.made import build as build
    from causalspec.runtime.making.made import check_made_destination as check_made_destination
    from causalspec.runtime.making.made import train as train
    from causalspec.runtime.making.made import write_made as write_made
    from causalspec.runtime.making.planting import Planted as Planted
    from causalspec.runtime.making.training import Recipe as Recipe
    from causalspec.runtime.making.training import train_decoder as train_decoder
    from causalspec.runtime.networks.locations import load_task_network as load_task_network
    from causalspec.runtime.networks.network import load_network as load_network
    from causalspec.runtime.readouts.changed_words import side_by_side as side_by_side
    from causalspec.runtime.readouts.mediation import Mediation as Mediation
    from causalspec.runtime.readouts.mediation import mediate as mediate
    from causalspec.runtime.readouts.readout import AlsoRead as AlsoRead
    from causalspec.runtime.readouts.readout import ReadoutSettings as ReadoutSettings
    from causalspec.runtime.readouts.readout import read_out as read_out
    from causalspec.runtime.readouts.records import DataReadout as DataReadout
    from causalspec.runtime.readouts.records import Readout as Readout
    from causalspec.runtime.readouts.rewrite import Rewriting as Rewriting
    from causalspec.runtime.readouts.rewrite import rewrite as rewrite
    from causalspec.runtime.report.readings import draw_mediation as draw_mediation
    from causalspec.runtime.report.readings import render_mediation as render_mediation
    from causalspec.runtime.report.readings import render_readout as render_readout
    from causalspec.runtime.report.text import verbatim as verbatim
    from causalspec.runtime.results.as_json import json_text as json_text
    from causalspec.runtime.results.as_json import json_value as json_value
    from causalspec.runtime.results.as_json import to_json as to_json
    from causalspec.runtime.results.explanation_table import (
        print_explanations as print_explanations,
    )
    from causalspec.runtime.results.explanations import read_explanations as read_explanations
    from causalspec.runtime.results.files import REPORT as REPORT
    from causalspec.runtime.results.files import check_destination as check_destination
    from causalspec.runtime.results.run_folder import SO_FAR as SO_FAR
    from causalspec.runtime.results.run_folder import RunFolder as RunFolder
    from causalspec.runtime.results.run_folder import Sharing as Sharing
    from causalspec.runtime.results.run_folder import Stage as Stage
    from causalspec.runtime.results.run_folder import Stages as Stages
    from causalspec.runtime.results.run_folder import alone as alone
    from causalspec.runtime.results.run_folder import content_of as content_of
    from causalspec.runtime.results.run_folder import stage_in as stage_in
    from causalspec.runtime.results.verdict_table import print_verdicts as print_verdicts
    from causalspec.runtime.scoring.alignments import FittedAlignment as FittedAlignment
    from causalspec.runtime.scoring.alignments import align as align
    from causalspec.runtime.scoring.alignments import alignment_workload as alignment_workload
    from causalspec.runtime.scoring.alignments import (
        check_alignment_destination as check_alignment_destination,
    )
    from causalspec.runtime.scoring.choice import choose_claims as choose_claims
    from causalspec.runtime.scoring.helping import Joined as Joined
    from causalspec.runtime.scoring.helping import help_align as help_align
    from causalspec.runtime.scoring.helping import help_verify as help_verify
    from causalspec.runtime.scoring.one_pair import SeenPair as SeenPair
    from causalspec.runtime.scoring.one_pair import SwappedAt as SwappedAt
    from causalspec.runtime.scoring.one_pair import look_at as look_at
    from causalspec.runtime.scoring.plan import ClaimPlan as ClaimPlan
    from causalspec.runtime.scoring.plan import plan_of as plan_of
    from causalspec.runtime.scoring.questions import question_about as question_about
    from causalspec.runtime.scoring.verify import VerifySettings as VerifySettings
    from causalspec.runtime.scoring.verify import verify as verify
    from causalspec.runtime.scoring.verify import workloads as workloads
    from causalspec.runtime.scoring.workload import Workload as Workload
    from causalspec.runtime.watch import Advance as Advance
    from causalspec.runtime.watch import Part as Part
    from causalspec.runtime.watch import Unwatched as Unwatched
    from causalspec.runtime.watch import Watcher as Watcher
    from causalspec.runtime.watch import Work as Work
    from causalspec.runtime.watch import duration as duration

_HOMES = homes_of(__name__, __file__)


def __getattr__(name: str) -> object:
    return offered(__name__, _HOMES, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
