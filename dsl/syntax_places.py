"""Declared names, tokens, sites and methods: the nodes that say where something is.

Import these from `causalspec.dsl.syntax`, which has all nodes.
"""

# ruff: noqa: F403, F405 (the nodes that these are made of are those of `syntax_parts`)

from __future__ import annotations

from causalspec.dsl.syntax_parts import *


class Declarator(Node):
    """`x`, or the family `x[i in 0..3]`."""

    name: Name
    index: Name | None = None
    range: ValueSet | None = None


class Distribution(Node):
    """`~ bernoulli(0.1)`, `~ weights { A => 2  else => 1 }`, `~ uniform`."""

    name: Name
    arguments: tuple[Argument, ...]
    arms: tuple[Arm, ...]


class TokenPosition(Node):
    """`last`, `slot(amount).first + 1`, `slot(name)[2]`, `text("dollars").last`, `all`."""

    anchor: Name
    argument: Expression | None
    part: Name | Expression | None
    offset: int


class Site(Node):
    """`residual layers 0..*`, `head[{1, 3}] layers 5`, `module["encoder.3.mlp"]`."""

    name: Name
    index: ValueSet | Expression | None
    layers: ValueSet | Expression | None


class Method(Node):
    """What is done at a site, with what: `das(dim = 16)`, `mean(Pairs.train)`, `zero`."""

    name: Name
    settings: tuple[Setting, ...]


class Setting(Node):
    """One argument of a method, with its name where one is written. A set can be one, too."""

    name: Name | None
    value: Expression | ElementSet
