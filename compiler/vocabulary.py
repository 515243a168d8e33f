"""The one table of what can be asked of a network: sites, methods, controls, metrics, writes.

The checker, the language server, the pages and `causalspec vocabulary` read it; the runtime carries
out every row of it. Rows of other packages join as `extensions` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from causalspec.compiler.entries import Argument as Argument
from causalspec.compiler.entries import ArgumentKind as ArgumentKind
from causalspec.compiler.entries import ControlEntry as ControlEntry
from causalspec.compiler.entries import Entry as Entry
from causalspec.compiler.entries import MethodEntry as MethodEntry
from causalspec.compiler.entries import MetricEntry as MetricEntry
from causalspec.compiler.entries import SiteEntry as SiteEntry
from causalspec.compiler.entries import WriteEntry as WriteEntry
from causalspec.compiler.entries import argument_text as argument_text
from causalspec.compiler.extensions import joined
from causalspec.compiler.placement import Method as Method

_Row = TypeVar("_Row", bound=Entry)


def _table(*rows: _Row) -> Mapping[str, _Row]:
    return {row.name: row for row in rows}


INTEGER, NUMBER, FILE = ArgumentKind.INTEGER, ArgumentKind.NUMBER, ArgumentKind.FILE
INTEGERS, BASIS = ArgumentKind.INTEGERS, ArgumentKind.BASIS
START = ArgumentKind.START
DATA, VALUE = ArgumentKind.DATA, ArgumentKind.VALUE

SITES: Final = _table(
    SiteEntry(
        "embedding",
        "What enters the first block, at a token.",
        layered=False,
        stage=0,
        also=("embed", "hook_embed", "embeddings"),
    ),
    SiteEntry(
        "residual",
        "The residual stream after a block, at a token.",
        stage=6,
        also=("block_output", "resid_post", "hook_resid_post", "residual_stream", "hidden_states"),
    ),
    SiteEntry(
        "attention_output",
        "What a block's attention adds to the residual stream.",
        stage=3,
        also=("attn", "attn_out", "hook_attn_out", "attention", "self_attn"),
    ),
    SiteEntry(
        "mlp_output",
        "What a block's MLP adds to the residual stream.",
        stage=5,
        also=("mlp", "mlp_out", "hook_mlp_out"),
    ),
    SiteEntry(
        "mlp_activation",
        "All neurons of a block's MLP, after their activation.",
        stage=4,
        also=("mlp_post", "neurons"),
    ),
    SiteEntry(
        "head",
        "What a head of attention yields before the output projection; without an index all heads.",
        units="head",
        stage=2,
        also=("attention_value_output", "head_attention_value_output", "heads", "z", "hook_z"),
    ),
    SiteEntry(
        "query", "The query of a head; without an index of all heads.", units="head", stage=1
    ),
    SiteEntry(
        "key", "The key of a key head; without an index of all of them.", units="key head", stage=1
    ),
    SiteEntry(
        "value",
        "The value of a key head; without an index of all of them.",
        units="key head",
        stage=1,
    ),
    SiteEntry(
        "neuron",
        "One neuron of a block's MLP, after its activation.",
        units="neuron",
        indexed=True,
        stage=4,
    ),
    SiteEntry("hidden", "The output of a layer of a network without tokens.", tokens=False),
    SiteEntry(
        "module",
        'What the module of a path yields, as in `module["encoder.3.mlp"]`.',
        layered=False,
        tokens=False,
        by_path=True,
    ),
)

_DIMENSIONS = Argument("dim", INTEGER, "how many dimensions each variable has", required=True)
_DICTIONARY = Argument("file", FILE, "the dictionary, a file beside the spec", required=True)

BASES: Final = _table(
    Entry("neurons", "The vector's own coordinates."),
    Entry(
        "pca",
        "Principal components of the training inputs' vectors.",
        (Argument("dim", INTEGER, "how many components", required=True),),
    ),
    Entry("dictionary", "The features of a sparse autoencoder.", (_DICTIONARY,), also=("sae",)),
)
"""What a mask can be over."""

STARTS: Final = _table(
    Entry(
        "mean_difference",
        "The directions between the mean vectors of the variable's values, as many as fit.",
    ),
)
"""What a trained rotation can start from, other than directions drawn at random."""

METHODS: Final = _table(
    MethodEntry(
        "full_vector",
        "The whole vector is swapped; nothing is trained.",
        also=("vanilla", "patching", "activation_patching"),
    ),
    MethodEntry(
        "das",
        "Distributed alignment search: so many dimensions of a trained rotation are swapped.",
        (
            _DIMENSIONS,
            Argument("start", START, "what it starts from; drawn at random, if left out"),
        ),
        trained=True,
    ),
    MethodEntry(
        "boundless_das",
        "A trained rotation whose number of swapped dimensions is trained, too.",
        (Argument("dim", INTEGER, "where the trained boundary starts", required=True),),
        trained=True,
    ),
    MethodEntry(
        "mask",
        "A trained choice among neurons, principal components or features of a dictionary.",
        (Argument("over", BASIS, "what is chosen from", default=Method("neurons")),),
        trained=True,
    ),
    MethodEntry(
        "pca",
        "The first principal components of the training inputs' vectors.",
        (_DIMENSIONS,),
        needs_vectors=True,
    ),
    MethodEntry(
        "mean_difference",
        "The directions between the mean vectors of the variable's values.",
        needs_values=True,
    ),
    MethodEntry(
        "probe",
        "The directions of a linear classifier of the variable's values.",
        needs_values=True,
    ),
    MethodEntry(
        "lda",
        "Linear discriminant analysis: the directions that tell the variable's values apart best.",
        (Argument("dim", INTEGER, "how many directions; all that there are, if left out"),),
        needs_values=True,
    ),
    MethodEntry(
        "kmeans",
        "The directions between the centres of as many clusters as the variable has values.",
        needs_values=True,
    ),
    MethodEntry(
        "dictionary",
        "The named features of a sparse autoencoder; what it can't represent stays as it is.",
        (_DICTIONARY, Argument("features", INTEGERS, "which features are swapped", required=True)),
        also=("sae",),
    ),
    MethodEntry(
        "factors",
        "A trained choice among semi-nonnegative factors of the training inputs' vectors.",
        (Argument("dim", INTEGER, "how many factors", required=True),),
        trained=True,
    ),
    MethodEntry(
        "revnet",
        "A trained invertible network, so many numbers of whose output are swapped.",
        (_DIMENSIONS, Argument("blocks", INTEGER, "how many blocks it has", default=10)),
        trained=True,
    ),
    MethodEntry(
        "random_subspace", "So many dimensions, drawn at random and left so.", (_DIMENSIONS,)
    ),
)

CONTROLS: Final = _table(
    ControlEntry(
        "no_swap", "The network's own answer to the base: the floor that the data gives away."
    ),
    ControlEntry("self_swap", "Each base is its own source: nothing may change, to the bit."),
    ControlEntry(
        "random_subspace", "As many dimensions at the same site, drawn at random twenty times."
    ),
    ControlEntry(
        "random_network",
        "The same architecture, untrained, searched over the same sites and fitted as hard.",
    ),
    ControlEntry("shuffled_labels", "A map fitted in the same way to permuted labels."),
    ControlEntry("full_vector", "The whole vector at the site is swapped, nothing is fitted."),
    ControlEntry(
        "site_resampled",
        "At the site, all but the aligned part is another input's that the hypothesis calls "
        "equivalent to the base.",
        answers_alone=True,
    ),
    ControlEntry(
        "unmapped_resampled",
        "Random halves of what is not mapped at the site are any other input's, while the mapped "
        "part is set.",
        answers_alone=True,
    ),
)

METRICS: Final = _table(
    MetricEntry(
        "iia",
        "Interchange intervention accuracy: on which share of the pairs the network says what the "
        "model says.",
        needs_label=True,
        by_kind=True,
        also=("accuracy", "acc"),
    ),
    MetricEntry(
        "train_iia",
        "`iia` on pairs that the maps were fitted to, as many at most as there are test pairs.",
        needs_label=True,
    ),
    MetricEntry(
        "log_odds",
        "How far the swap moves the log odds of the label against the base's answer, over pairs "
        "where these differ.",
    ),
    MetricEntry(
        "logit_difference", "The label's logit less that of the base's answer, after the swap."
    ),
    MetricEntry(
        "kl",
        "The Kullback-Leibler divergence of the answers from those to an input that the model says "
        "amounts to the swap.",
    ),
    MetricEntry("cause", "`iia` over the pairs whose label the swap changes.", needs_label=True),
    MetricEntry("isolate", "`iia` over the pairs whose label the swap keeps.", needs_label=True),
    MetricEntry("cause_isolate", "The mean of `cause` and `isolate`.", needs_label=True),
    MetricEntry(
        "auroc",
        "How often the feature is larger where the variable is true than where it is false.",
        observational=True,
    ),
    MetricEntry(
        "precision",
        "In which share of the inputs in which the feature fires the variable is true.",
        observational=True,
    ),
    MetricEntry(
        "recall",
        "In which share of the inputs in which the variable is true the feature fires.",
        observational=True,
    ),
)

BOUNDS: Final = _table(
    Entry("lower", "`lower(iia)`: the lower end of the confidence interval."),
    Entry("upper", "`upper(iia)`: the upper end of the confidence interval."),
)

ANCHORS: Final = _table(
    Entry("last", "The prompt's last token."),
    Entry("first", "The prompt's first token."),
    Entry("all", "Every token of the prompt."),
    Entry("slot", "`slot(name).last`, `slot(x[i]).last`: a token of what a slot renders."),
    Entry("text", '`text("dollars").last`: a token of a text that the prompt holds.'),
)

WRITES: Final = _table(
    WriteEntry(
        "interchange", "What a source's run has there, as without `writing`.", has_label=True
    ),
    WriteEntry("zero", "Zeros.", also=("zero_ablation", "ablation")),
    WriteEntry(
        "mean",
        "The mean over the base inputs of a split.",
        (Argument("data", DATA, "a split, as in `Pairs.train`", required=True),),
    ),
    WriteEntry(
        "value",
        "The mean over the training inputs in which the variable has one value.",
        (Argument("of", VALUE, "a value of the variable", required=True),),
        has_label=True,
    ),
    WriteEntry(
        "steer",
        "What is there, with a multiple of the difference of two values' means added.",
        (
            Argument("to", VALUE, "the value whose mean is added", required=True),
            Argument("away", VALUE, "the value whose mean is taken off", required=True),
            Argument("scale", NUMBER, "how many times the difference", default=1.0),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Every row by kind and name: the built-in ones first, then those of installed packages."""

    sites: Mapping[str, SiteEntry]
    methods: Mapping[str, MethodEntry]
    bases: Mapping[str, Entry]
    starts: Mapping[str, Entry]
    controls: Mapping[str, ControlEntry]
    metrics: Mapping[str, MetricEntry]
    bounds: Mapping[str, Entry]
    anchors: Mapping[str, Entry]
    writes: Mapping[str, WriteEntry]


BUILT_IN: Final = Vocabulary(
    SITES, METHODS, BASES, STARTS, CONTROLS, METRICS, BOUNDS, ANCHORS, WRITES
)  # fmt: skip


def full_vocabulary() -> Vocabulary:
    """The built-in rows and those of installed packages, which are asked for them.

    Raises `ToolFailure` where a package's rows cannot be had.
    """
    return replace(
        BUILT_IN,
        sites=joined(SITES, SiteEntry),
        methods=joined(METHODS, MethodEntry),
        controls=joined(CONTROLS, ControlEntry),
        metrics=joined(METRICS, MetricEntry),
    )
