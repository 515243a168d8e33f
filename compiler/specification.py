"""What a checked file declares, every name resolved: the compiler's result.

`compile_specification` (in `compile`) returns one of these; evaluators, data generation and the
runtime read it and never look at the syntax tree again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from causalspec.compiler.counterfactual_designs import (
    CounterfactualDesign as CounterfactualDesign,
)
from causalspec.compiler.counterfactual_designs import (
    Derivation as Derivation,
)
from causalspec.compiler.counterfactual_designs import (
    Distinction as Distinction,
)
from causalspec.compiler.counterfactual_designs import (
    HeldOutValue as HeldOutValue,
)
from causalspec.compiler.counterfactual_designs import (
    PairExpression as PairExpression,
)
from causalspec.compiler.counterfactual_designs import (
    SplitSize as SplitSize,
)
from causalspec.compiler.counterfactual_designs import (
    StratifiedValue as StratifiedValue,
)
from causalspec.compiler.counterfactual_designs import (
    SwapKind as SwapKind,
)
from causalspec.compiler.domains import Domain
from causalspec.compiler.expressions import Expression
from causalspec.compiler.model import CausalModel
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
from causalspec.dsl.source import Source, Span

# Prompts and answers -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SlotValue:
    """A slot: an expression over the task's inputs and abbreviations, rendered by its domain.

    `name` is how alignments call it (`s2` of `{subject as s2}`, `amount`, `city.name`); `format`
    is a checked format such as `.2f`, or None.
    """

    name: str
    value: Expression
    domain: Domain
    format: str | None = None
    span: Span | None = field(default=None, compare=False, repr=False)
    """Where the prompt gives it that name, if it does."""


@dataclass(frozen=True, slots=True)
class TemplateArm:
    """A text with slots, used for rows where `condition` holds (None: always)."""

    condition: Expression | None
    parts: tuple[str | SlotValue, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """What one role says in a chat. Alignments call it `name`: the role, `user[1]` where it speaks
    more than once.
    """

    name: str
    role: str
    parts: tuple[str | SlotValue, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """Arms are tried in order; the last one always applies. With `any`, which answers alone have,
    the texts of all arms that apply are right, and `check` sees that at every value some is.
    """

    name: str
    arms: tuple[TemplateArm, ...]
    span: Span = field(compare=False, repr=False)
    any: bool = False
    turns: tuple[Turn, ...] = ()
    """Of a chat what each says, in order. A tokenizer writes them with marks of its own; the one
    arm has them line by line, each led by its role, as people read them.
    """

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of the slots that every arm renders."""
        names = [
            {part.name for part in arm.parts if isinstance(part, SlotValue)} for arm in self.arms
        ]
        shared = set[str].intersection(*names) if names else set[str]()
        first = self.arms[0].parts
        shown = (part.name for part in first if isinstance(part, SlotValue) and part.name in shared)
        return (*shown, *(turn.name for turn in self.turns))


@dataclass(frozen=True, slots=True)
class Encoding:
    """`encode vector { a, b as symbol(dim = 4) }`: each input's tensor, concatenated in order."""

    groups: tuple[EncodedInput, ...]


@dataclass(frozen=True, slots=True)
class EncodedInput:
    """One input's coding: `symbol` (a fixed random vector a value), `onehot` or `scalar`."""

    input: str
    coding: str
    dimension: int


@dataclass(frozen=True, slots=True)
class Example:
    """A unit test in the spec: codes by variable name. `model` is a task or a model."""

    model: CausalModel
    inputs: Mapping[str, int]
    interventions: Mapping[str, int | Expression]
    expected: Mapping[str, int]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Task:
    """What is observed. `model` holds inputs, abbreviations and the correct outputs.

    `answers` gives each output a template over the output itself: what the network should say.
    """

    name: str
    model: CausalModel
    prompts: Mapping[str, PromptTemplate]
    answers: Mapping[str, PromptTemplate]
    encoding: Encoding | None
    documentation: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    """The values of its parameters, as one would write them."""
    own_answers: Mapping[str, Mapping[str, PromptTemplate]] = field(
        default_factory=dict[str, Mapping[str, PromptTemplate]]
    )
    """By prompt the answers that are said there otherwise than elsewhere."""

    def asked_by(self, prompt: str) -> Task:
        """The task with what is said in answer to one of its prompts."""
        own = self.own_answers.get(prompt)
        return replace(self, answers={**self.answers, **own}, own_answers={}) if own else self


# Claims ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Metric:
    """`iia`, `kl(random_network)`, `iia(MidpointDistance)`, `iia(left, right)`, `lower(iia)`.

    `name` is a metric of the vocabulary. `of` is a control of the vocabulary, the name of a rival
    model, of other data of the claim's model or of another prompt, or None for what the claim is
    about. `kind` are the variables of one kind of swap, in the
    model's order: the metric is that of the pairs on which exactly these are swapped.
    """

    name: str
    bound: str = "mean"  # "mean", "lower" or "upper"
    of: str | None = None
    kind: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """As one would write it: `lower(iia(left, right))`."""
        inside = self.of or ", ".join(self.kind)
        written = f"{self.name}({inside})" if inside else self.name
        return written if self.bound == "mean" else f"{self.bound}({written})"

    @property
    def plain(self) -> Metric:
        """The metric itself, whichever of its bounds is asked for."""
        return self if self.bound == "mean" else replace(self, bound="mean")


@dataclass(frozen=True, slots=True)
class MetricArithmetic:
    operator: str  # "+", "-", "*" or "/"
    left: MetricExpression
    right: MetricExpression


MetricExpression = Metric | MetricArithmetic | float


@dataclass(frozen=True, slots=True)
class Expectation:
    """`left operator right`, e.g. `iia - iia(random_network) >= 0.30`; `text` as written.

    It is expected for at least `least` of the first `seeds` seeds of the fit.
    """

    left: MetricExpression
    operator: str  # "<", "<=", ">", ">=", "=="
    right: MetricExpression
    text: str
    span: Span = field(compare=False, repr=False)
    least: int = 1
    seeds: int = 1

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Every metric that it reads, each once."""
        return tuple(dict.fromkeys((*_metrics(self.left), *_metrics(self.right))))


def _metrics(expression: MetricExpression) -> Iterator[Metric]:
    if isinstance(expression, Metric):
        yield expression
    elif isinstance(expression, MetricArithmetic):
        yield from _metrics(expression.left)
        yield from _metrics(expression.right)


@dataclass(frozen=True, slots=True)
class Claim:
    """The statement that CI checks. `data` names designs with a split each; their scores' mean is
    taken. `prompt` is where it is scored, `fitted_on` where it is fitted.
    """

    name: str
    model: CausalModel
    data: tuple[tuple[str, str], ...]  # (design, split)
    alignment: str
    prompt: str | None
    fitted_on: str | None
    expectations: tuple[Expectation, ...]
    documentation: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def seeds(self) -> int:
        """For how many seeds maps are fitted: the most that an expectation asks for."""
        return max((expectation.seeds for expectation in self.expectations), default=1)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Every metric that the expectations read, each once."""
        every = [metric for expectation in self.expectations for metric in expectation.metrics]
        return tuple(dict.fromkeys(every))


@dataclass(frozen=True, slots=True)
class Abstraction:
    """The statement that `coarse` is a constructive abstraction of `fine`, to be proved or refuted.

    `values` gives each causal variable of `coarse` as an expression over variables of `fine`;
    inputs, noise and outputs that it does not mention stand for themselves. A `derive` declaration
    makes its model, and this statement about it under the same name.
    """

    name: str
    fine: CausalModel
    coarse: CausalModel
    values: Mapping[str, Expression]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Specification:
    """A checked file. Every mapping is by declared name, in the order of the text."""

    source: Source
    tasks: Mapping[str, Task]
    models: Mapping[str, CausalModel]
    examples: tuple[Example, ...]
    counterfactuals: Mapping[str, CounterfactualDesign]
    alignments: Mapping[str, Alignment]
    claims: Mapping[str, Claim]
    # Word lists, tables and files that methods read: name → SHA-256.
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    abstractions: Mapping[str, Abstraction] = field(default_factory=dict[str, Abstraction])
    question_texts: Mapping[str, Mapping[str, PromptTemplate]] = field(
        default_factory=dict[str, Mapping[str, PromptTemplate]]
    )
    """What models say of their variables in questions: model → variable → a text over it alone."""
