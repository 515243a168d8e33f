"""Counterfactual data: the nodes of a `counterfactuals` block.

Import these from `causalspec.dsl.syntax`, which has all nodes.
"""

# ruff: noqa: F403, F405 (the nodes that these are made of are those of `syntax_parts`)

from __future__ import annotations

from typing import TypeAlias

from causalspec.dsl.syntax_parts import *


class Swap(Node):
    """`swap left from s1, right from s2 weight 2`: one kind of intervention."""

    items: tuple[SwapItem, ...]
    weight: Number | None


class SwapItem(Node):
    """`left from s1`, or `left from (s1 with right from s2)`: `within` says what is swapped in the
    source's own run.
    """

    variable: Expression
    source: Name | None
    within: tuple[SwapItem, ...] = ()


class DerivedSource(Node):
    """`derive edited from base { x = 1 - base.x  draw y, z }`: a source that is made of another
    run. `run` is that one's name.
    """

    name: Name
    run: Name
    body: tuple[Assignment | Draw, ...]


class Draw(Node):
    """`draw y, z`: inputs that a derived source has of its own."""

    inputs: tuple[Expression, ...]


class Keep(Node):
    """`keep where condition`."""

    condition: Expression


class Balance(Node):
    """`balance left, right`: every combination of the values, equally often."""

    values: tuple[Expression, ...]


class Cover(Node):
    """`cover left, right`: every combination of the values that can exist, equally often."""

    values: tuple[Expression, ...]


class NoiseSharing(Node):
    """`noise shared` or `noise fresh`."""

    way: Name


class Distinguish(Node):
    """`distinguish from Rival, Other`: only pairs on which all of them predict another label."""

    models: tuple[Name, ...]


class Split(Node):
    """`split train 8000, test 1000 disjoint by (first, second.country)`."""

    parts: tuple[SplitPart, ...]
    disjoint: tuple[Expression, ...]


class SplitPart(Node):
    name: Name
    rows: Number


class Seed(Node):
    value: Number


CounterfactualsStatement: TypeAlias = (
    Swap | DerivedSource | Keep | Balance | Cover | NoiseSharing | Distinguish | Split | Seed
)


class CounterfactualsDeclaration(Node):
    name: Name
    model: Name
    documentation: Text | None
    body: tuple[CounterfactualsStatement, ...]
