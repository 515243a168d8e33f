"""Slips in the parts of a statement: signs, words and orders that other notations have there."""

from __future__ import annotations

from tests.helpers.slips import CLAIM, DATA, FILE, MODEL, PLACES, TASK, Slip

VALUES = (
    ("let z = x.sum()", "sum(x[i] for i in 0..3)"),
    ("let z = np.sum(x)", "sum(x[i] for i in 0..3)"),
    ("let z = x[i] for i in 0..3", "sum(x[i] for i in 0..3)"),
    ("let z = sum(x[i], i in 0..3)", "sum(x[i] for i in 0..3)"),
    ("let z = sum(x[i] for i in 0..3 where x[i] > 1)", "sum(if x[i] > 1"),
    ("let z = x[0] and a", "x[0] == 1"),
    ("let z = a + 1", "if a then 1 else 0"),
    ("let z = c in [Red, Green]", "{Red, Green}"),
    ("let z = c in (Red, Green)", "{Red, Green}"),
    ("let z = x[0] between 1 and 3", "x in 1..3"),
    ("let z = x(0)", "x[0]"),
    ("let z = x[0, 1]", "x[4 * row + column]"),
    ("let z = abs x[0]", "abs(x)"),
    ("let z = max{x[0], x[1]}", "max(x, y)"),
    ("let z = if (a) 1 else 2", "if c then x else y"),
    ("let z = case c of Red -> 1", "match x { A => 1"),
    ("let z = match c with Red => 1", "match c { A => 1"),
    ("let z = match c { Red => 1, * => 4 }", "else =>"),
    ("let z = match c { Red or Green => 1, Blue => 2 }", "A, B => 1"),
    ("let z, w = a, b", "let z = "),
    ("const z = 3", "let z = "),
    ("z := 3", "let z = "),
    ("let z = ~a", "not a"),
    ("let z = 1e3", "10_000"),
    ("let z = 3x[0]", "3 * x"),
    ("let z = $a", "without `$`"),
    ("let z = random()", "input"),
    ("let z = exists i in 0..3 : x[i] == 1", "any("),
)
DECLARED = (
    ("input w : 0..<10", "0..9"),
    ("input w : uniform(0, 9)", "0..9"),
    ("input w ~ uniform(0, 9)", "input x : 0..9"),
    ("input w : bool ~ 0.5", "bernoulli(0.5)"),
    ("input w : bool ~ bernoulli 0.5", "bernoulli(0.5)"),
    ("input w : Red or Green", "{Red, Green}"),
    ("input w : bool, v : bool", "`input` of its own"),
    ("input w[4] : 0..9", "w[i in 0..2]"),
    ("input w[i] : 0..9", "w[i in 0..2]"),
    ("input: w : Color", "input x : 0..9"),
    ("output p : bool", "output o : bool = x == y"),
    ("require distinct(x)", "input distinct x[i in 0..3]"),
    ("require a, b", "a and b"),
    ("where a", "`require`"),
    ('prompt q("{a}")', "prompt q"),
    ('prompt "{a}"', "prompt p"),
    ('prompt q "{a}" + "{b}"', "prompt p"),
    ('say o "yes" if a else "no"', "true =>"),
    ('say o { true: "yes", false: "no" }', "A => 1"),
    ('say o = "yes"', 'say o "{o}"'),
    ("example a = true gives o = true", "example { x = 1 } gives { o = true }"),
    ("example { a = true } -> { o = true }", "gives"),
    ("example { a: true } gives { o = true }", "x = 1"),
)
MODELLED = (
    ("v = x == y", "var v = "),
    ("v <- x == y", "var v = "),
    ("v : x == y", "`var`"),
    ("var v : bool", "var v = x == y"),
    ("var v, w = x == y", "var v = x == y"),
    ("noise u ~ bernoulli(0.1)", "noise u : bool ~ bernoulli(0.1)"),
    ("intervene v = true", "`var`"),
    ("edge x -> v", "var v = x == y"),
)
DRAWN = (
    ("swap v by source", "swap v from s"),
    ("swap(v)", "swap v from s"),
    ("intervene v", "`swap`"),
    ("filter result.o != base.o", "keep where"),
    ("swap v  keep where o != base.o  split test 9", "result.o"),
    ("swap v  split train 80%", "split test 100"),
    ("swap v  balance by result.o", "balance result.o"),
    ("swap v  size 100", "split test 100"),
    ("swap v  split train 10 disjoint by x", "disjoint by (x)"),
)
PLACED = (
    ("var v at layer 3 by das(dim = 1)", "residual layers 3"),
    ("var v in residual layers 0 token last by das(dim = 1)", "var v at residual"),
    ("var v at residual token last layers 0 by das(dim = 1)", "layers 0..* token last"),
    ("var v at residual layers 0, 1 token last by das(dim = 1)", "{0, 2}"),
    ('var v at residual layers 0 token "yes" by das(dim = 1)', 'text("yes").last'),
    ("v: residual layers 0 token last by das(dim = 1)", "var v at residual"),
    ("var v at model.layers.0.mlp token last by das(dim = 1)", 'module["layers.0.mlp"]'),
)
CLAIMED = (
    ("iia >= 0.9", "expect iia >= 0.9"),
    ("expect: iia >= 0.9", "expect iia >= 0.9"),
    ("expect iia >= 0.9 on test", "of M on C.test with A"),
)
FILED = (
    ("type Color : {Red, Green}", "type Color = {Red, Green}"),
    ("type Color = Red, Green", "{Red, Green}"),
    ("type Color = Enum(Red, Green)", "{Red, Green}"),
    ("type Word = words names.txt", 'words "names.txt"'),
    ('type Word = file "names.txt"', 'words "names.txt"'),
    ("n = 3", "task Addition(digits = 3)"),
    ("function f(x : 0..9) { x }", "function double(x : 0..9) = 2 * x"),
    ('table City = "cities.csv"', 'table City "cities.csv" key name'),
    ('import { Name } from "lexicon.causal"', 'import "lexicon.causal" { Name }'),
    ('include "lexicon.causal"', 'import "lexicon.causal" { Name }'),
    ("model M extends T { }", "model Direct of Parity"),
    ("version 1", "`task`"),
)
STATEMENT_SLIPS = tuple(
    Slip("statement", frame, written, answer)
    for frame, slips in (
        (TASK, VALUES + DECLARED),
        (MODEL, MODELLED),
        (DATA, DRAWN),
        (PLACES, PLACED),
        (CLAIM, CLAIMED),
        (FILE, FILED),
    )
    for written, answer in slips
)
