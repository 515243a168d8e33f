"""A hundred slips of newcomers, by where they come from, and what each is to be told to write.

The kinds are those that beginners ask about in public: of Python (comprehensions, lists, slices,
`elif`), of YAML (colons, dashes, lists in brackets), of Stan (types and bounds, `~`, blocks, `<-`),
of Alloy (`sig`, quantifiers, `#`, `disj`), and of pyvene (dictionaries of variables and functions).
"""

# ruff: noqa: E501 (a slip stands on the line that it would stand on)

from __future__ import annotations

from dataclasses import dataclass

TASK = """language 1
type Color = {Red, Green, Blue}
task T {
  input x[i in 0..3] : 0..9
  input a, b : bool
  input c : Color
  %s
  output o : bool = a
  prompt p "{a} {x[0]}"
  say o { true => "yes"  false => "no" }
}
"""
MODEL = """language 1
task T {
  input x, y : 0..9
  input a : bool
  output o : bool = x == y
}
model M of T {
  %s
  output o = x == y
}
"""
DATA = """language 1
task T {
  input x, y : 0..9
  output o : bool = x == y
}
model M of T { var v = x == y  output o = v }
counterfactuals C of M {
  %s
}
"""
PLACES = """language 1
task T { input x : 0..9  output o : bool = x == 1  prompt p "{x}"  say o { true => "yes"  false => "no" } }
model M of T { var v = x == 1  output o = v }
counterfactuals C of M { swap v  split train 10, validation 10, test 10 }
align A of M {
  %s
}
"""
CLAIM = """language 1
task T { input x : 0..9  output o : bool = x == 1  prompt p "{x}"  say o { true => "yes"  false => "no" } }
model M of T { var v = x == 1  output o = v }
counterfactuals C of M { swap v  split train 10, validation 10, test 10 }
align A of M { var v at residual layers 0 token last by das(dim = 1) }
claim K {
  of M on C.test with A
  %s
}
"""
FILE = """language 1
%s
type Last = 0..9
"""
SOUND = (
    (TASK, ""),
    (MODEL, "var v = x == y"),
    (DATA, "swap v  split test 10"),
    (PLACES, "var v at residual layers 0 token last by das(dim = 1)"),
    (CLAIM, "expect iia >= 0.9"),
    (FILE, ""),
)
"""Each frame with a line that is right."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A line as it was written into one of the frames, and a part of what is to be answered: the
    thing to write, on that line or the one `below` it.
    """

    origin: str
    frame: str
    written: str
    answer: str
    below: int = 0


PYTHON = (
    Slip("Python", TASK, "let z = x[0] if a else x[1]", "if c then x else y"),
    Slip("Python", TASK, "let z = [i for i in range(10)]", "lists"),
    Slip("Python", TASK, "let z = range(10)", "0..9"),
    Slip("Python", TASK, "let z = len(x)", "length"),
    Slip("Python", TASK, "let z = x[1:2]", "x[i] for i in 1..2"),
    Slip("Python", TASK, "let z = x[-1]", "x[3]"),
    Slip("Python", TASK, "let z = sum(x)", "sum(x[i] for i in 0..3)"),
    Slip("Python", TASK, "let z = any(x[i] == 1 for i in range(4))", "0..9"),
    Slip("Python", TASK, "let z = max(x)", "max(x[i] for i in 0..3)"),
    Slip("Python", TASK, "let z = a is b", "a == b"),
    Slip("Python", TASK, "let z = a is not b", "a != b"),
    Slip("Python", TASK, "let z = x[0] not in {1, 2} & a", "`and`"),
    Slip("Python", TASK, "let z = None", "symbol"),
    Slip("Python", TASK, "let z = True", "true"),
    Slip("Python", TASK, "let z = not False", "false"),
    Slip("Python", TASK, "let z = lambda v: v + 1", "function"),
    Slip("Python", TASK, "let z = 'Red' == c", '"Red"'),
    Slip("Python", TASK, "let z = c == Color.Red", "Red"),
    Slip("Python", TASK, 'let z = f"{a}"', "prompt"),
    Slip("Python", TASK, "let z = str(x[0])", "slot"),
    Slip("Python", TASK, "let z = int(a)", "if"),
    Slip("Python", TASK, "let z = x[0] / x[1]", "match"),
    Slip("Python", TASK, "let z = x[0] % x[1]", "match"),
    Slip("Python", TASK, "let z += 1", "="),
    Slip("Python", TASK, "z = x[0] + 1", "let z"),
    Slip("Python", TASK, "if a: b", "then"),
    Slip("Python", TASK, "let z = if a then 1 elif b then 2 else 3", "else if"),
    Slip("Python", TASK, "let z = if a then 1", "else"),
    Slip("Python", TASK, "for i in range(3): x[i]", "for"),
    Slip("Python", TASK, "let z = sum([x[i] for i in 0..3])", "sum("),
    Slip("Python", TASK, "let z = sum(x[i] for i in 0..3 if x[i] > 1)", "if"),
    Slip("Python", TASK, "assert a", "require"),
    Slip("Python", TASK, "def f(v): return v", "function"),
    Slip("Python", TASK, "print(a)", "sample"),
    Slip("Python", TASK, "let z = x[0].value", "number"),
    Slip("Python", TASK, "let z = (x[0], x[1])", "(first ="),
    Slip("Python", TASK, "let z = {1: 2, 3: 4}[x[0]]", "match"),
    Slip("Python", TASK, "match c { case Red: 1 }", "=>"),
    Slip("Python", TASK, "let z = match c { Red: 1, else: 2 }", "=>"),
    Slip("Python", TASK, "let z = match c { Red => 1, _ => 2 }", "else"),
    Slip("Python", TASK, "let z = x[0] ** x[1]", "constant"),
    Slip("Python", TASK, "let z = a and b or", "value"),
    Slip("Python", TASK, "input w: int", "0..9"),
    Slip("Python", TASK, "input w: str", "words"),
    Slip("Python", TASK, "input w: float", "step"),
    Slip("Python", TASK, "input w: bool = True", "~"),
    Slip("Python", TASK, "input w: Optional[Color]", "symbol"),
    Slip("Python", TASK, "input w: list[int]", "w[i in"),
    Slip("Python", FILE, "import random", "import"),
    Slip("Python", FILE, "from words import Name", "import"),
    Slip("Python", FILE, "class Color(Enum):", "type"),
    Slip("Python", FILE, "type Color = Red | Green", "{"),
    Slip("Python", FILE, 'type Color = ["Red", "Green"]', "{Red, Green}"),
    Slip("Python", FILE, "function f(a: bool): a", "="),
    Slip("Python", FILE, "'''A docstring.'''", "#"),
)
YAML = (
    Slip("YAML", FILE, "type: Color", "type"),
    Slip("YAML", FILE, "task T:", "{"),
    Slip("YAML", FILE, "- task T {", "task"),
    Slip("YAML", TASK, "input: w", "input"),
    Slip("YAML", TASK, "input w: [Red, Green]", "{Red, Green}"),
    Slip("YAML", TASK, "input w: 0-9", "0..9"),
    Slip("YAML", TASK, "input w: yes", "bool"),
    Slip("YAML", TASK, "require: a", "require"),
    Slip("YAML", TASK, 'prompt q: "{a}"', "prompt q"),
    Slip("YAML", TASK, "prompt q |", '"""'),
    Slip("YAML", DATA, "swap: v", "swap"),
    Slip("YAML", DATA, "swap v  split train: 10", "split test 100"),
    Slip("YAML", DATA, "swap v  split test 10  seed: 3", "seed 3"),
    Slip("YAML", DATA, "swap [v]", "swap"),
    Slip("YAML", PLACES, "var v at residual layers: 0 token last by das(dim = 1)", "layers 0"),
    Slip("YAML", PLACES, "var v at residual layers [0, 1] token last by das(dim = 1)", "layers"),
)
STAN = (
    Slip("Stan", TASK, "int<lower=0, upper=9> w;", "input"),
    Slip("Stan", TASK, "input w : 0..9;", "`;`"),
    Slip("Stan", TASK, "real w;", "step"),
    Slip("Stan", TASK, "// the second one", "#"),
    Slip("Stan", TASK, "/* the second one */", "#"),
    Slip("Stan", TASK, "w ~ bernoulli(0.5)", "input"),
    Slip("Stan", TASK, "input w : bool ~ bernoulli(p = a)", "constant"),
    Slip("Stan", TASK, "input w : 0..9 ~ normal(0, 1)", "weights"),
    Slip("Stan", TASK, "let z <- a", "="),
    Slip("Stan", TASK, "let z = a && !b", "and"),
    Slip("Stan", TASK, "let z = a || b", "or"),
    Slip("Stan", TASK, "let z = a ? 1 : 2", "if a then"),
    Slip("Stan", MODEL, "var v = if x = 1 then 0 else 1", "=="),
    Slip("Stan", FILE, "data { int n; }", "task"),
    Slip("Stan", FILE, "parameters { real p; }", "task"),
    Slip("Stan", FILE, "model { }", "model"),
)
ALLOY = (
    Slip("Alloy", FILE, "sig Color {}", "type"),
    Slip("Alloy", FILE, "abstract sig Color {}", "type"),
    Slip("Alloy", FILE, "one sig Red extends Color {}", "type"),
    Slip("Alloy", FILE, "pred p[a : bool] { a }", "function"),
    Slip("Alloy", FILE, "fact { }", "require"),
    Slip("Alloy", TASK, "let z = all i : 0..3 | x[i] == 1", "all("),
    Slip("Alloy", TASK, "let z = some i : 0..3 | x[i] == 1", "any("),
    Slip("Alloy", TASK, "let z = no i : 0..3 | x[i] == 1", "not any("),
    Slip("Alloy", TASK, "let z = #x", "count"),
    Slip("Alloy", TASK, "let z = a => b", "not a or b"),
    Slip("Alloy", TASK, "let z = a <=> b", "=="),
    Slip("Alloy", TASK, "let z = a implies b", "not a or b"),
    Slip("Alloy", TASK, "let z = a iff b", "=="),
    Slip("Alloy", TASK, "let z = c in Red + Green", "{"),
    Slip("Alloy", TASK, "let z = x[0] =< 3", "<="),
)
PYVENE = (
    Slip("pyvene", MODEL, 'variables = ["v"]', "var"),
    Slip("pyvene", MODEL, "var v = lambda x, y: x == y", "function"),
    Slip("pyvene", MODEL, "var v(x, y) = x == y", "var v ="),
    Slip("pyvene", MODEL, "var v : [True, False] = a", "{"),
    Slip("pyvene", MODEL, "parents v = [x, y]", "var"),
    Slip("pyvene", MODEL, "var v -> o", "="),
    Slip("pyvene", DATA, "swap v = source.v", "swap v"),
    Slip("pyvene", DATA, "swap v  split train 10  seed = 3", "seed 3"),
    Slip("pyvene", DATA, "swap v  keep base.x != source.x  split test 9", "keep where"),
    Slip("pyvene", DATA, "swap v  split 0.8 train", "split test 100"),
    Slip("pyvene", PLACES, "var v at block_output layers 0 token last by das(dim = 1)", "residual"),
    Slip("pyvene", PLACES, "var v at residual layer 0 token last by das(dim = 1)", "layers"),
    Slip("pyvene", PLACES, "var v at residual layers 0 token -1 by das(dim = 1)", "last"),
    Slip("pyvene", PLACES, "var v at residual layers 0 token 3 by das(dim = 1)", "first + 3"),
    Slip("pyvene", PLACES, "var v at residual[0] token last by das(dim = 1)", "layers"),
    Slip("pyvene", PLACES, "var v at residual layers 0 token last using das(dim = 1)", "by"),
    Slip("pyvene", PLACES, "var v at residual layers 0 by das(dim = 1)", "token"),
    Slip(
        "pyvene",
        PLACES,
        "var v at residual layers 0 token last by das(low_rank_dimension = 1)",
        "dim",
    ),
    Slip("pyvene", PLACES, "var v at mlp layers 0 token last by das(dim = 1)", "mlp_output"),
    Slip(
        "pyvene",
        PLACES,
        "var v at attention layers 0 token last by das(dim = 1)",
        "attention_output",
    ),
    Slip("pyvene", CLAIM, "expect accuracy >= 0.9", "iia"),
    Slip("pyvene", CLAIM, "expect iia > 90%", "0.9"),
    Slip("pyvene", CLAIM, "expect iia = 0.9", "=="),
    Slip("pyvene", CLAIM, "assert iia >= 0.9", "expect"),
)
SLIPS = (*PYTHON, *YAML, *STAN, *ALLOY, *PYVENE)
