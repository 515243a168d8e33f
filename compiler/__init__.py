"""A spec's meaning: names, types, models, evidence, data. Start at `compile`.

The names below are the room's whole face: other rooms import nothing deeper. Each is imported when
it is first used: whoever checks a spec waits for no data and no report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from causalspec.dsl.faces import homes_of, offered

if TYPE_CHECKING:
    from causalspec.compiler.compile import CheckedFile as CheckedFile
    from causalspec.compiler.compile import check_file as check_file
    from causalspec.compiler.compile import check_source as check_source
    from causalspec.compiler.compile import compile_file as compile_file
    from causalspec.compiler.compile import load_specification as load_specification
    from causalspec.compiler.compile import open_file as open_file
    from causalspec.compiler.counterparts import counterparts_of as counterparts_of
    from causalspec.compiler.data.agreeing import agreeing as agreeing
    from causalspec.compiler.data.audit.columns import ColumnMap as ColumnMap
    from causalspec.compiler.data.audit.columns import read_column_map as read_column_map
    from causalspec.compiler.data.audit.files import open_rows as open_rows
    from causalspec.compiler.data.audit.labels import Audit as Audit
    from causalspec.compiler.data.audit.labels import WrongRow as WrongRow
    from causalspec.compiler.data.audit.labels import audit as audit
    from causalspec.compiler.data.audit.labels import with_abbreviations as with_abbreviations
    from causalspec.compiler.data.blocks import every as every
    from causalspec.compiler.data.blocks import product as product
    from causalspec.compiler.data.conditions import source_names as source_names
    from causalspec.compiler.data.counterfactuals import SplitRows as SplitRows
    from causalspec.compiler.data.counterfactuals import generate as generate
    from causalspec.compiler.data.counterfactuals import generate_chunks as generate_chunks
    from causalspec.compiler.data.counterfactuals import split_rows as split_rows
    from causalspec.compiler.data.encodings import encode_columns as encode_columns
    from causalspec.compiler.data.forms import whole_files as whole_files
    from causalspec.compiler.data.forms.flat_columns import CodedColumn as CodedColumn
    from causalspec.compiler.data.forms.flat_columns import flat_columns as flat_columns
    from causalspec.compiler.data.forms.in_python import (
        hugging_face_dataset as hugging_face_dataset,
    )
    from causalspec.compiler.data.forms.in_python import numpy_columns as numpy_columns
    from causalspec.compiler.data.forms.libraries import library as library
    from causalspec.compiler.data.forms.tensors import Tokenize as Tokenize
    from causalspec.compiler.data.forms.tensors import TokenRows as TokenRows
    from causalspec.compiler.data.forms.text_lines import records as records
    from causalspec.compiler.data.forms.whole_files import flush_folder as flush_folder
    from causalspec.compiler.data.forms.whole_files import held as held
    from causalspec.compiler.data.forms.whole_files import make_folder as make_folder
    from causalspec.compiler.data.forms.whole_files import whole_folder as whole_folder
    from causalspec.compiler.data.forms.whole_files import write_content as write_content
    from causalspec.compiler.data.forms.write import LINES as LINES
    from causalspec.compiler.data.forms.write import Elsewhere as Elsewhere
    from causalspec.compiler.data.forms.write import Form as Form
    from causalspec.compiler.data.forms.write import Order as Order
    from causalspec.compiler.data.forms.write import Rendered as Rendered
    from causalspec.compiler.data.forms.write import Renderer as Renderer
    from causalspec.compiler.data.forms.write import WrittenSplit as WrittenSplit
    from causalspec.compiler.data.forms.write import stream_data as stream_data
    from causalspec.compiler.data.forms.write import write_data as write_data
    from causalspec.compiler.data.pairs import InterchangePairs as InterchangePairs
    from causalspec.compiler.data.pairs import Rows as Rows
    from causalspec.compiler.data.pairs import in_blocks as in_blocks
    from causalspec.compiler.data.populations import Population as Population
    from causalspec.compiler.data.populations import populate as populate
    from causalspec.compiler.data.prompts import PreparedPrompt as PreparedPrompt
    from causalspec.compiler.data.prompts import RenderedPrompts as RenderedPrompts
    from causalspec.compiler.data.prompts import answer_texts as answer_texts
    from causalspec.compiler.data.prompts import formatted as formatted
    from causalspec.compiler.data.prompts import render as render
    from causalspec.compiler.data.prompts import right_texts as right_texts
    from causalspec.compiler.data.prompts import with_computed_slots as with_computed_slots
    from causalspec.compiler.data.randomness import Stream as Stream
    from causalspec.compiler.data.randomness import largest_remainder as largest_remainder
    from causalspec.compiler.data.repeats import effective_number as effective_number
    from causalspec.compiler.data.repeats import pair_keys as pair_keys
    from causalspec.compiler.data.rival_designs import rival_design as rival_design
    from causalspec.compiler.data.samplers import RequirementUnmetError as RequirementUnmetError
    from causalspec.compiler.data.samplers import Sampler as Sampler
    from causalspec.compiler.data.summary import DataSummary as DataSummary
    from causalspec.compiler.data.text_columns import ABSENT as ABSENT
    from causalspec.compiler.data.text_columns import join as join
    from causalspec.compiler.derived_models import with_noise_at_rest as with_noise_at_rest
    from causalspec.compiler.domains import Domain as Domain
    from causalspec.compiler.domains import Numbers as Numbers
    from causalspec.compiler.domains import Truths as Truths
    from causalspec.compiler.domains import Tuples as Tuples
    from causalspec.compiler.domains import parts_of as parts_of
    from causalspec.compiler.entries import Argument as Argument
    from causalspec.compiler.entries import ArgumentKind as ArgumentKind
    from causalspec.compiler.entries import Entry as Entry
    from causalspec.compiler.entries import MethodEntry as MethodEntry
    from causalspec.compiler.entries import SiteEntry as SiteEntry
    from causalspec.compiler.entries import argument_text as argument_text
    from causalspec.compiler.evaluators import interpret as interpret
    from causalspec.compiler.evaluators.columns import Column as Column
    from causalspec.compiler.evaluators.columns import Columns as Columns
    from causalspec.compiler.evaluators.columns import setting_at as setting_at
    from causalspec.compiler.evaluators.definedness import defined_name as defined_name
    from causalspec.compiler.evaluators.intervals import (
        UnsupportedModelError as UnsupportedModelError,
    )
    from causalspec.compiler.evaluators.vectorize import interchange_columns as interchange_columns
    from causalspec.compiler.evaluators.vectorize import solve_columns as solve_columns
    from causalspec.compiler.evidence import Evidence as Evidence
    from causalspec.compiler.evidence import Examination as Examination
    from causalspec.compiler.evidence import Exhaustive as Exhaustive
    from causalspec.compiler.evidence import Sampled as Sampled
    from causalspec.compiler.expressions import Constant as Constant
    from causalspec.compiler.expressions import Expression as Expression
    from causalspec.compiler.expressions import references as references
    from causalspec.compiler.front.names import Compilation as Compilation
    from causalspec.compiler.front.parameters import AS_DECLARED as AS_DECLARED
    from causalspec.compiler.front.parameters import Settings as Settings
    from causalspec.compiler.front.policies import compile_policy as compile_policy
    from causalspec.compiler.front.values import described as described
    from causalspec.compiler.meanings import UNREAD as UNREAD
    from causalspec.compiler.meanings import Meanings as Meanings
    from causalspec.compiler.model import CausalModel as CausalModel
    from causalspec.compiler.model import Role as Role
    from causalspec.compiler.model import Variable as Variable
    from causalspec.compiler.placement import Alignment as Alignment
    from causalspec.compiler.placement import Anchor as Anchor
    from causalspec.compiler.placement import ArgumentValue as ArgumentValue
    from causalspec.compiler.placement import FileArgument as FileArgument
    from causalspec.compiler.placement import Method as Method
    from causalspec.compiler.placement import PlacedSite as PlacedSite
    from causalspec.compiler.placement import Placement as Placement
    from causalspec.compiler.placement import TokenPosition as TokenPosition
    from causalspec.compiler.placement import TokenRange as TokenRange
    from causalspec.compiler.placement import Write as Write
    from causalspec.compiler.proofs.agreement import Share as Share
    from causalspec.compiler.proofs.allowances import silence as silence
    from causalspec.compiler.proofs.comparison import Answer as Answer
    from causalspec.compiler.proofs.comparison import Comparison as Comparison
    from causalspec.compiler.proofs.comparison import Difference as Difference
    from causalspec.compiler.proofs.comparison import compare as compare
    from causalspec.compiler.proofs.comparison import shares_of as shares_of
    from causalspec.compiler.proofs.correspondences import Correspondence as Correspondence
    from causalspec.compiler.proofs.examine import examinations as examinations
    from causalspec.compiler.proofs.wilson import NORMAL_QUANTILE as NORMAL_QUANTILE
    from causalspec.compiler.proofs.wilson import fewest as fewest
    from causalspec.compiler.proofs.wilson import matched_difference as matched_difference
    from causalspec.compiler.proofs.wilson import telling_pairs as telling_pairs
    from causalspec.compiler.proofs.wilson import wilson as wilson
    from causalspec.compiler.review.changes import Area as Area
    from causalspec.compiler.review.changes import Change as Change
    from causalspec.compiler.review.review import review_changes as review_changes
    from causalspec.compiler.sampling.derivations import policy_texts as policy_texts
    from causalspec.compiler.sampling.questions import Question as Question
    from causalspec.compiler.sampling.questions import questions as questions
    from causalspec.compiler.sampling.rungs import Outcome as Outcome
    from causalspec.compiler.sampling.rungs import Query as Query
    from causalspec.compiler.sampling.rungs import Rung as Rung
    from causalspec.compiler.sampling.rungs import UnanswerableError as UnanswerableError
    from causalspec.compiler.sampling.rungs import equilibrium_outcomes as equilibrium_outcomes
    from causalspec.compiler.sampling.rungs import expectation as expectation
    from causalspec.compiler.sampling.rungs import outcomes as outcomes
    from causalspec.compiler.sampling.rungs import sample as sample
    from causalspec.compiler.specification import Claim as Claim
    from causalspec.compiler.specification import CounterfactualDesign as CounterfactualDesign
    from causalspec.compiler.specification import Distinction as Distinction
    from causalspec.compiler.specification import Expectation as Expectation
    from causalspec.compiler.specification import Metric as Metric
    from causalspec.compiler.specification import MetricArithmetic as MetricArithmetic
    from causalspec.compiler.specification import MetricExpression as MetricExpression
    from causalspec.compiler.specification import PromptTemplate as PromptTemplate
    from causalspec.compiler.specification import SlotValue as SlotValue
    from causalspec.compiler.specification import Specification as Specification
    from causalspec.compiler.specification import SplitSize as SplitSize
    from causalspec.compiler.specification import SwapKind as SwapKind
    from causalspec.compiler.specification import Task as Task
    from causalspec.compiler.specification import TemplateArm as TemplateArm
    from causalspec.compiler.views import graph as graph
    from causalspec.compiler.views import model_table as model_table
    from causalspec.compiler.views import reasons as reasons
    from causalspec.compiler.views.graph import svg as svg
    from causalspec.compiler.views.symbolic import TooLargeToShowError as TooLargeToShowError
    from causalspec.compiler.views.symbolic import mechanism_formula as mechanism_formula
    from causalspec.compiler.vocabulary import BUILT_IN as BUILT_IN
    from causalspec.compiler.vocabulary import SITES as SITES
    from causalspec.compiler.vocabulary import WRITES as WRITES
    from causalspec.compiler.vocabulary import Vocabulary as Vocabulary
    from causalspec.compiler.vocabulary import full_vocabulary as full_vocabulary
    from causalspec.compiler.wording import beside as beside
    from causalspec.compiler.wording import setting_text as setting_text
    from causalspec.compiler.wording import value_text as value_text
    from causalspec.compiler.written_values import code_of as code_of
    from causalspec.compiler.written_values import named as named

_HOMES = homes_of(__name__, __file__)


def __getattr__(name: str) -> object:
    return offered(__name__, _HOMES, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
