"""What a row of the vocabulary says: a name, a sentence, arguments, and where it is carried out."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from causalspec.compiler.placement import ArgumentValue, Method


class ArgumentKind(StrEnum):
    """What an argument is, as one writes it."""

    INTEGER = "integer"  # a whole number from 1
    NUMBER = "number"  # any number, also below zero
    FILE = "file"  # the name of a file inside the spec's folder: "sae.safetensors"
    INTEGERS = "integers"  # a set of whole numbers from 0: {12, 907}
    BASIS = "basis"  # neurons, pca(128) or dictionary("sae.safetensors")
    START = "start"  # mean_difference
    DATA = "data"  # a split of a design: Pairs.train
    VALUE = "value"  # a value that the placed variable can have


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument. An argument that is not required and has no default may be left out."""

    name: str
    kind: ArgumentKind
    help: str
    default: ArgumentValue | None = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. `help` is one sentence; `implementation` is `package.module:object`, None where the
    runtime brings it along; `package` is the installed package that it comes from, None for ours;
    `also` are names that other libraries have for it, which a spec that writes them is told.
    """

    name: str
    help: str
    arguments: tuple[Argument, ...] = ()
    implementation: str | None = None
    package: str | None = field(default=None, kw_only=True)
    also: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True, slots=True)
class SiteEntry(Entry):
    """A place in a network. `layered`: one in every block; `tokens`: one at every token of a
    prompt; `units`: what an index numbers, None where there is none; `indexed`: whether it needs
    an index; `by_path`: whether a text names a module, at a token or without any.

    `stage` orders what a block computes: nothing flows back to an earlier stage of one block. 0 is
    what comes before all blocks, None is unknown.
    """

    layered: bool = True
    tokens: bool = True
    units: str | None = None
    indexed: bool = field(default=False, kw_only=True)
    by_path: bool = field(default=False, kw_only=True)
    stage: int | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class MethodEntry(Entry):
    """How a variable's share of a vector is found. `trained`: by gradient steps; `needs_values`:
    from the variable's values in the training inputs; `needs_vectors`: from their vectors alone.
    """

    trained: bool = False
    needs_values: bool = False
    needs_vectors: bool = field(default=False, kw_only=True)

    @property
    def reads_train(self) -> bool:
        """Whether it is made from training inputs in any way."""
        return self.trained or self.needs_values or self.needs_vectors


@dataclass(frozen=True, slots=True)
class MetricEntry(Entry):
    """A score of a claim. `needs_label`: it needs to know the answer that the model predicts;
    `by_kind`: it may be asked of one kind of swap alone; `observational`: it is of what the map
    reads in inputs left alone, and of no swap.
    """

    needs_label: bool = False
    by_kind: bool = field(default=False, kw_only=True)
    observational: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class ControlEntry(Entry):
    """What stands beside a score, to tell what it is worth. `answers_alone`: of its runs only the
    answers are kept, so that it has the scores that need the predicted answer and no others.
    """

    answers_alone: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class WriteEntry(Entry):
    """What is put in a variable's place. `has_label`: whether the model predicts an answer then."""

    has_label: bool = False


def argument_text(argument: Argument) -> str:
    """An argument as one would write it: `dim = INTEGER`, `blocks = 10`, `[dim = INTEGER]`."""
    default = argument.default
    if default is not None:
        shown = default.text if isinstance(default, Method) else f"{default:g}"
        return f"{argument.name} = {shown}"
    written = f"{argument.name} = {argument.kind.value.upper()}"
    return written if argument.required else f"[{written}]"
