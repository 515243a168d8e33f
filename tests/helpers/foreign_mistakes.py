"""What people write who come from another language, and all that is said about it: one line each.

Each line stands in a program with another mistake below it, which is reported as well, as the last.
A message is written as in `mistakes`, with its help after a bar.
"""

# ruff: noqa: E501 (whole messages, as they are printed; the characters are what is tried)

from __future__ import annotations

TASK = """language 1
type Color = {{Red, Green}}
task T {{
  input a, b : bool
  input c : Color
  input x, y : 0..9
  {line}
  let later = nowhere
  output o : bool = a
}}
"""
DESIGN = """language 1
task T {{ input x : 0..3 output o : bool = x == 1 }}
model M of T {{ var v = x == 1 output o = v }}
counterfactuals C of M {{
  {line}
  swap v  split test 5
  keep where nowhere
}}
"""
FILE = """language 1
{line}
type Later = Nowhere
"""

PLACES = """language 1
task T {{ input x : 0..3 output o : bool = x == 1 prompt p "{{{{x}}}}" }}
model M of T {{ var v = x == 1 output o = v }}
align A of M {{
  {line}
}}
counterfactuals C of M {{ swap v  split test 5  keep where nowhere }}
"""

FOREIGN: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (TASK, "let z = a ? x : y", ("7:13 CS109 `a ? b : c` is written `if a then b else c`",)),
    (
        TASK,
        "let z = x if a else y",
        ("7:11 CS109 `x if c else y` is written `if c then x else y`",),
    ),
    (TASK, "let z = x ≥ y", ("7:13 CS109 `≥` is written `>=` [>=]",)),
    (
        TASK,
        "let z = x ≤ y ∧ a",
        (
            "7:13 CS109 `≤` is written `<=` [<=]",
            "7:17 CS109 `∧` is written `and` [and]",
        ),
    ),
    (
        TASK,
        "let z = x ≠ y ∨ ¬b",
        (
            "7:13 CS109 `≠` is written `!=` [!=]",
            "7:17 CS109 `∨` is written `or` [or]",
            "7:19 CS109 `¬` is written `not` [not ]",
        ),
    ),
    (TASK, "let z = a∨b", ("7:12 CS109 `∨` is written `or` [ or ]",)),
    (TASK, "let z = c ∈ {Red}", ("7:13 CS109 `∈` is written `in` [in]",)),
    (
        TASK,
        "let z = x × y − 1",
        (
            "7:13 CS109 `×` is written `*` [*]",
            "7:17 CS109 `−` is written `-` [-]",
        ),
    ),
    (
        TASK,
        "let z = a ^ b",
        ("7:13 CS109 `a ^ b` is written `a != b` for truth values, and `a ** b` as a power",),
    ),
    (TASK, "let z = a ⊕ b", ("7:13 CS109 `a ⊕ b` is written `a != b`",)),
    (
        TASK,
        "let z = a & b",
        ("7:13 CS109 `&` is written `and`, which binds less tightly than comparisons",),
    ),
    (
        TASK,
        "let z = (x == 1) | (y == 2)",
        ("7:20 CS109 `a | b` is written `a or b`, and `A | B` as a set of values `{A, B}`",),
    ),
    (
        TASK,
        "let z = a&&b||!a",
        (
            "7:12 CS109 `&&` is written `and` [ and ]",
            "7:15 CS109 `||` is written `or` [ or ]",
            "7:17 CS109 `!` is written `not` [not ]",
        ),
    ),
    (
        TASK,
        "let z = a → b",
        ("7:13 CS109 `a → b` is written `A => b` in a `match`, and `not a or b` for implication",),
    ),
    (
        TASK,
        "let z = a -> b",
        ("7:13 CS109 `a -> b` is written `A => b` in a `match`, and `not a or b` for implication",),
    ),
    (
        TASK,
        "let z = a => b",
        (
            "7:13 CS110 expected `>=`, found `=>` | `>=` compares, `=>` leads to an arm's result; that `b` follows from `a` is written `not a or b`",
        ),
    ),
    (TASK, "let z = a <-> b", ("7:13 CS109 `a <-> b` is written `a == b`",)),
    (
        TASK,
        "let z = x ÷ 2",
        ("7:13 CS109 `a ÷ b` is written `a / b` where it is exact, and else `a // b`",),
    ),
    (TASK, "let z = x === y", ("7:13 CS109 `===` is written `==` [==]",)),
    (
        TASK,
        "let größe = x",
        (
            '7:7 CS118 `größe` has letters that names cannot have | names are of the letters a to z, digits and `_`; a symbol may be any text in quotes, as in `{"Köln", Bonn}`',
        ),
    ),
    (
        TASK,
        "let z = c == Red == a",
        (
            "7:23 CS206 `Red` is a symbol of Color, `a` is a truth value: they cannot be compared | comparisons chain: `a == b == c` is `a == b and b == c`, not `(a == b) == c`",
        ),
    ),
    (
        TASK,
        "let z = c == x == Red",
        (
            "7:16 CS206 `c` is a symbol of Color, `x` is a number: they cannot be compared | comparisons chain: `a == b == c` is `a == b and b == c`, not `(a == b) == c`",
        ),
    ),
    (TASK, 'let z = "a" == c == y', ("7:11 CS201 unknown symbol `a` | Color has {Red, Green}",)),
    (
        TASK,
        "input d : {Köln, Bonn}",
        (
            '7:14 CS118 `Köln` has letters that names cannot have | names are of the letters a to z, digits and `_`; a symbol may be any text in quotes, as in `{"Köln", Bonn}`',
        ),
    ),
    (
        TASK,
        "let z\xa0= 3",
        ("7:8 CS101 a space is written as the plain one, not as U+00A0, the no-break space [ ]",),
    ),
    (
        TASK,
        "input d : [Red, Green]",
        ("7:13 CS109 a set of values is written in braces, as in `{Red, Green}`",),
    ),
    (
        TASK,
        "let z = [x, y]",
        (
            "7:11 CS109 there are no lists: a family is declared as in `x[i in 0..2]` and read by `x[1]`",
        ),
    ),
    (
        TASK,
        "let z = sum([x, y])",
        (
            "7:15 CS109 there are no lists: a family is declared as in `x[i in 0..2]` and read by `x[1]`",
        ),
    ),
    (
        TASK,
        'prompt p f"{x}"',
        ("7:12 CS109 texts need no `f` before them: `{…}` is a slot in every prompt",),
    ),
    (
        TASK,
        "let z = 3 /* a comment */ + x",
        ("7:13 CS109 `/* … */` is written with a `#` before the comment on each line",),
    ),
    (
        TASK,
        "let z = x // half of it",
        ("7:13 CS109 a comment starts with `#` | `//` divides and rounds down",),
    ),
    (TASK, "let z = x // half", ("7:16 CS201 unknown name `half` | a comment starts with `#`",)),
    (TASK, "// the whole line", ("7:3 CS109 a comment starts with `#` [# the whole line]",)),
    (
        TASK,
        "let z = (x, y)",
        ("7:11 CS109 a tuple names its parts, as in `(first = a, second = b)`",),
    ),
    (
        TASK,
        "input d : (Red, Green)",
        ("7:13 CS109 a tuple names its parts, as in `(first = a, second = b)`",),
    ),
    (TASK, "let z = if a: 1 else 2", ("7:11 CS109 `if c:` is written `if c then x else y`",)),
    (
        TASK,
        "let z = if (a) { x } else { y }",
        ("7:11 CS109 `if c:` is written `if c then x else y`",),
    ),
    (
        TASK,
        "let z = match c { case Red => 1 case Green => 2 }",
        (
            "7:21 CS109 an arm of a `match` starts with its values, as in `match x { A => 1  else => 2 }`",
        ),
    ),
    (
        TASK,
        "let z = match c { Red => 1 _ => 2 }",
        ("7:30 CS201 unknown name `_` | the arm for all other values is `else => …`",),
    ),
    (
        TASK,
        "let z = match c { Red => 1 default => 2 }",
        ("7:30 CS201 unknown name `default` | the arm for all other values is `else => …`",),
    ),
    (
        TASK,
        "let z = a is b",
        ("7:13 CS109 `a is b` is written `a == b`, and `a is not b` is written `a != b`",),
    ),
    (
        TASK,
        "let z = a is not b",
        ("7:13 CS109 `a is b` is written `a == b`, and `a is not b` is written `a != b`",),
    ),
    (TASK, "let z = x mod 2", ("7:13 CS109 `a mod b` is written `a % b`",)),
    (TASK, "let z = x div 2", ("7:13 CS109 `a div b` is written `a // b`",)),
    (
        TASK,
        "let z = mod(x, 2)",
        ("7:11 CS201 unknown function `mod` | `a mod b` is written `a % b`",),
    ),
    (TASK, "let z = a xor b", ("7:13 CS109 `a xor b` is written `a != b`",)),
    (
        TASK,
        "let z = xor(a, b)",
        ("7:11 CS201 unknown function `xor` | `a xor b` is written `a != b`",),
    ),
    (TASK, "let z = a nor b", ("7:13 CS109 `a nor b` is written `not (a or b)`",)),
    (TASK, "let z = a nand b", ("7:13 CS109 `a nand b` is written `not (a and b)`",)),
    (TASK, "let z = a xnor b", ("7:13 CS109 `a xnor b` is written `a == b`",)),
    (TASK, "let z = a iff b", ("7:13 CS109 `a iff b` is written `a == b`",)),
    (TASK, "let z = a implies b", ("7:13 CS109 `a implies b` is written `not a or b`",)),
    (
        TASK,
        "let z = lambda q: q",
        (
            "7:11 CS109 a function is declared at the top level, as in `function double(x : 0..9) = 2 * x`",
        ),
    ),
    (TASK, "input d : range(10)", ("7:13 CS109 `range(10)` is written `0..9`",)),
    (TASK, "let z = max(x for i in range(3))", ("7:26 CS109 `range(10)` is written `0..9`",)),
    (
        TASK,
        "let z = sum(x for i in 3)",
        ("7:23 CS109 a range is written with two points between its ends, as in `0..9`",),
    ),
    (
        TASK,
        "input d : 0-9",
        ("7:13 CS109 a range is written with two points between its ends, as in `0..9`",),
    ),
    (TASK, "input d : 0–9", ("7:14 CS109 `a – b` is written `a - b`, and as a range `a..b`",)),
    (
        TASK,
        "input d : 0:9",
        ("7:13 CS109 a range is written with two points between its ends, as in `0..9`",),
    ),
    (
        TASK,
        "input d : 0...9",
        ("7:14 CS109 a range is written with two points between its ends, as in `0..9`",),
    ),
    (TASK, "input d : {0..9}", ("7:13 CS109 a range stands without braces, as in `0..9`",)),
    (
        TASK,
        "input d : int",
        ("7:13 CS201 unknown type `int` | whole numbers are written as a range, as in `0..9`",),
    ),
    (
        TASK,
        "input d : str",
        (
            '7:13 CS201 unknown type `str` | words are symbols, as in `{Red, Green}`, or lines of a file, as in `words "names.txt"`',
        ),
    ),
    (
        TASK,
        "input d : float",
        (
            "7:13 CS201 unknown type `float` | numbers are exact decimals in steps, as in `0.00..9.99 step 0.01`",
        ),
    ),
    (
        TASK,
        "input d : Red | Green",
        ("7:17 CS109 `a | b` is written `a or b`, and `A | B` as a set of values `{A, B}`",),
    ),
    (
        TASK,
        "let z = None",
        (
            "7:11 CS201 unknown name `None` | every variable has a value: declare one more symbol, as in `{Yes, No, Unknown}`",
        ),
    ),
    (
        TASK,
        "let z = len(x)",
        (
            "7:11 CS201 unknown function `len` | a family's length is the number that it is declared with, often a task's parameter",
        ),
    ),
    (
        TASK,
        "let z = x[1:2]",
        ("7:12 CS109 members are read one by one, as in `sum(x[i] for i in 1..2)`",),
    ),
    (TASK, "print(x)", ("7:3 CS109 nothing is printed: ask `causalspec sample` for values",)),
    (TASK, "print x", ("7:3 CS109 nothing is printed: ask `causalspec sample` for values",)),
    (TASK, "return x", ("7:3 CS109 an expression gives its value without `return`",)),
    (TASK, "let z = return x", ("7:11 CS109 an expression gives its value without `return` []",)),
    (
        TASK,
        "assert a",
        (
            "7:3 CS109 what inputs must meet is written `require …`, a test `example { … } gives { … }`",
        ),
    ),
    (
        TASK,
        "while a: x",
        ("7:3 CS109 nothing is repeated: write a family, as in `var carry[i in 0..3] = …`",),
    ),
    (TASK, "input d = 3", ("7:3 CS109 an input has a type, as in `input x : 0..9`",)),
    (
        TASK,
        "input d : {True, False}",
        (
            "7:14 CS109 `True` is written `true` | the set of truth values is the type `bool`",
            "7:20 CS109 `False` is written `false` | the set of truth values is the type `bool`",
        ),
    ),
    (TASK, "let z = True", ("7:11 CS109 `True` is written `true` [true]",)),
    (TASK, "let z = a;let w = b", ("7:12 CS109 statements need no `;` at their end [ ]",)),
    (
        TASK,
        "let z = “Red” == c",
        ('7:11 CS109 texts are written between straight double quotes, not `“` ["Red"]',),
    ),
    (
        PLACES,
        'var v at module "layers.3" by full_vector',
        ('5:9 CS109 a module stands in brackets, as in `module["layers.3"]`',),
    ),
    (
        PLACES,
        "var v at head(3) token last by full_vector",
        ("5:9 CS109 one of several heads is written as in `head[3]`",),
    ),
    (
        PLACES,
        "var v at head 3 token last by full_vector",
        ("5:9 CS109 one of several heads is written as in `head[3]`",),
    ),
    (
        PLACES,
        "var v at head[1, 3] token last by full_vector",
        ("5:9 CS109 several heads are a set, as in `head[{1, 3}]`",),
    ),
    (
        PLACES,
        "var v from head[9] layers 5 to mlp_output layers 8 token last by full_vector",
        ("5:3 CS109 an edge is written as in `at head[9] layers 5 to mlp_output layers 8`",),
    ),
    (
        PLACES,
        'var v at residual token last by dictionary("a", features = (12, 907))',
        ("5:51 CS109 features are a set, as in `{12, 907}`",),
    ),
    (DESIGN, "seed = 3", ("5:3 CS109 a seed is its number alone, as in `seed 3`",)),
    (DESIGN, "swap s = v", ("5:3 CS109 `swap v from s` takes `v` from the source `s`",)),
    (DESIGN, "swap v = x", ("5:3 CS109 `swap v from s` takes `v` from the source `s`",)),
    (
        DESIGN,
        "split train = 3",
        ("5:3 CS109 a split is its name and its size, as in `split test 100`",),
    ),
    (
        DESIGN,
        "split train: 10",
        ("5:3 CS109 a split is its name and its size, as in `split test 100`",),
    ),
    (DESIGN, "keep x == 1", ("5:3 CS109 a filter is written `keep where …`",)),
    (
        FILE,
        "import x.causal",
        (
            '2:1 CS109 an import names a file and what it takes, as in `import "lexicon.causal" { Name }`',
        ),
    ),
    (
        FILE,
        'import "x.causal"',
        (
            '2:1 CS109 an import names a file and what it takes, as in `import "lexicon.causal" { Name }`',
        ),
    ),
    (
        FILE,
        "from x import y",
        (
            '2:1 CS109 an import names a file and what it takes, as in `import "lexicon.causal" { Name }`',
            '2:8 CS109 an import names a file and what it takes, as in `import "lexicon.causal" { Name }`',
        ),
    ),
    (
        FILE,
        "type Color = [Red, Green]",
        ("2:14 CS109 a set of values is written in braces, as in `{Red, Green}`",),
    ),
    (
        FILE,
        "type Color = Red | Green",
        ("2:18 CS109 `a | b` is written `a or b`, and `A | B` as a set of values `{A, B}`",),
    ),
    (
        FILE,
        "enum Color { Red, Green }",
        ("2:1 CS109 a set of symbols is declared as in `type Color = {Red, Green}`",),
    ),
    (
        FILE,
        "def f(x): return x",
        (
            "2:1 CS109 a function is declared at the top level, as in `function double(x : 0..9) = 2 * x`",
        ),
    ),
    (
        FILE,
        "function f(x : 0..9) -> bool = x > 3",
        ("2:20 CS109 a function has the type of its expression: `function f(x : T) = …`",),
    ),
)
