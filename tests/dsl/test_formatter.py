"""Promise 6: the formatter changes the layout and nothing else."""

from __future__ import annotations

import os
import random
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from causalspec.dsl import formatter
from causalspec.dsl.diagnostics import Diagnostics, InternalError, SpecError
from causalspec.dsl.formatter import format_source
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source
from causalspec.dsl.tokens import tokenize
from tests.helpers.generated.grammar_programs import tokens
from tests.helpers.spec_files import EXAMPLES, spec_text

COUNT = 20_000 if os.environ.get("CAUSALSPEC_LONG") else 100


def formatted(text: str) -> str:
    return format_source(Source("layout.causal", text))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_in_canonical_layout(name: str) -> None:
    assert formatted(spec_text(name)) == spec_text(name)


MESSY = """\ufeff
# A task.

language   1
type Digit=0 .. 9   type Answer = { Yes,No, }
task Sum( digits=2 ){
   "All of it."   # documented

input x [ i in 0..digits-1 ] , y[i in 0 .. digits - 1]:Digit ~ uniform # two


 let total=sum( ( x[i]+ -y [i] )*10**i for i in 0..1 )
  output z : bool = match total { 0=>true   1 , 2 => false
    else => not ( total>= 3 and x[0]not in{1,2} ) }

 say z{true=>"Yes" false=>"No"}
    example { x[0]=1 y[0]=2
# between
      x[1] = 3 }
   gives{z=true}

}
model M of Sum approximately cyclic{}
align A of M {
  var a , b   at residual layers 0 .. * token slot( x ).first+1..last-1 by das( dim=4 )
  var abc     at residual layers {1,2} by full_vector
  var e at head [ 0 .. 8 ] to   value token a..b  together by mask( over=pca( 9 ) )writing zero
  var f at query[{ 1,3 }] by dictionary( "a" ,features={12 , 7})   writing steer( A,B,scale=- 2 )
  var g at module [ "a.b" ] by lda writing mean( D . train )
  # the end

}
"""

NEAT = """\
# A task.

language 1
type Digit = 0..9
type Answer = {Yes, No,}
task Sum(digits = 2) {
  "All of it."   # documented

  input x[i in 0..digits - 1], y[i in 0..digits - 1] : Digit ~ uniform  # two

  let total = sum((x[i] + -y[i]) * 10 ** i for i in 0..1)
  output z : bool = match total {
    0 => true  1, 2 => false
    else => not (total >= 3 and x[0] not in {1, 2})
  }

  say z { true => "Yes"  false => "No" }
  example {
    x[0] = 1  y[0] = 2
    # between
    x[1] = 3
  }
    gives { z = true }

}
model M of Sum approximately cyclic {}
align A of M {
  var a, b at residual layers 0..* token slot(x).first + 1 .. last - 1 by das(dim = 4)
  var abc  at residual layers {1, 2} by full_vector
  var e at head[0..8] to value token a .. b together by mask(over = pca(9)) writing zero
  var f at query[{1, 3}] by dictionary("a", features = {12, 7}) writing steer(A, B, scale = -2)
  var g at module["a.b"] by lda writing mean(D.train)
  # the end
}
"""


def test_a_messy_file_becomes_neat() -> None:
    neat = NEAT.replace("gives { z = true }\n\n}", "gives { z = true }\n}")
    assert formatted(MESSY) == neat
    assert formatted(neat) == neat


def test_what_does_not_parse_is_not_rewritten() -> None:
    with pytest.raises(SpecError, match=r"^CS104 expected an expression after `=`, found `}`$"):
        formatted("language 1\nmodel M of T { var a = }\n")


def test_a_text_that_would_say_something_else_is_never_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(formatter, "aligned", lambda rows: ["language 1", "type Digit = 0..8"])
    with pytest.raises(InternalError, match="would have changed what it says"):
        formatted("language 1\ntype Digit = 0..9\n")


GAPS = some.sampled_from(
    ["", " ", "  ", "\n", "\n\n\n", "\t", "\r\n", "    # note\n", "\n# note\n"]
)


@settings(max_examples=60, deadline=None)
@given(name=some.sampled_from(EXAMPLES), data=some.data())
def test_laws_on_files_with_any_layout(name: str, data: some.DataObject) -> None:
    """The same tokens with other gaps: the same tree, all comments, and a fixed point."""
    source = Source(name, spec_text(name))
    declaration = data.draw(some.sampled_from(parse(source, Diagnostics()).declarations))
    text = declaration.span.text
    part = Source(name, text)
    pieces = ["language 1\n"]
    for token in tokenize(part, 0, len(text), Diagnostics()):
        pieces += [data.draw(GAPS) or " ", str(token)]
    messy = "".join(pieces) + "\n"
    before, after = Diagnostics(), Diagnostics()
    tree = parse(Source(name, messy), before)
    neat = formatted(messy)
    assert parse(Source(name, neat), after) == tree
    assert not before.has_errors and not after.has_errors
    assert neat.count("# note") == messy.count("# note")
    assert formatted(neat) == neat
    assert not re.search(r"[ \t]\n", neat) and "\n\n\n" not in neat


def messy(chance: random.Random) -> str:
    """A text that the grammar derives, with any gaps and comments between its tokens."""
    rare = ("", "\n", "\n\n\n", "\t", "\r\n", " # note\n", "\n# note\n", "\n  # a # b\n\n", "#\n")
    often = chance.random()
    pieces: list[str] = []
    for token in tokens(chance, chance.randrange(1, 3)):
        gap = " " if chance.random() < often else chance.choice(rare)
        # Without a gap, two tokens could be read as one.
        pieces += [gap or (" " if token[0].isalnum() or token[0] in '"_=*/<>!.' else ""), token]
    return "".join(pieces) + chance.choice(("", "\n", "\n\n# the end", "  # the end"))


def woven(text: str) -> list[tuple[str, bool]]:
    """Tokens and comments in their order; of each comment, whether it stands behind a token."""
    source = Source("woven.causal", text)
    file = parse(source, Diagnostics())
    found = [
        (token.start_pos or 0, str(token).replace("\r\n", "\n"), False)
        for token in tokenize(source, 0, len(text), Diagnostics())
    ]
    for comment in file.comments:
        start = comment.span.start
        line = text[text.rfind("\n", 0, start) + 1 : start]
        found.append((start, comment.text, bool(line.strip())))
    return [(text, behind) for _, text, behind in sorted(found)]


@settings(max_examples=COUNT, deadline=None, suppress_health_check=list(HealthCheck))
@given(chance=some.randoms(use_true_random=False))
def test_laws_on_all_that_the_grammar_derives(chance: random.Random) -> None:
    """The same tree; every comment between the same tokens, behind one or alone; a fixed point."""
    text = messy(chance)
    diagnostics = Diagnostics()
    tree = parse(Source("derived.causal", text), diagnostics)
    assert not diagnostics.has_errors
    neat = formatted(text)
    assert parse(Source("derived.causal", neat), Diagnostics()) == tree
    assert woven(neat) == woven(text)
    assert formatted(neat) == neat
