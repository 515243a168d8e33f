"""Wrong programs and all that is said about them: one table for parser, fixes and renderer.

Each program stands after a line `language 1`, which does not count. A message is written as its
line and column, its code, its text, and in brackets the replacement of its fix.
"""

# ruff: noqa: E501 (whole messages, as they are printed)

from __future__ import annotations

MISTAKES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "align A of M { var a at residual layers 0..1 token last - 1.5 by das(dim = 2) }\n",
        ("1:59 CS116 tokens are counted in whole numbers, not `1.5`",),
    ),
    (
        "modle M of T { var a = 1 }\n",
        ("1:1 CS105 unknown word `modle` [model]",),
    ),
    (
        "model M of T { var a = 1  ouput y = a }\n",
        ("1:27 CS105 unknown word `ouput` [output]",),
    ),
    (
        "model M of T { vra a = 1 +  output y = a }\n",
        (
            "1:16 CS105 unknown word `vra` [var]",
            "1:29 CS104 expected a value after `+`, found `output`",
        ),
    ),
    (
        "model M of T { var a = 1 + \n output y = }\n",
        (
            "1:26 CS104 expected a value after `+`, found `output`",
            "2:13 CS104 expected an expression after `=`, found `}`",
        ),
    ),
    (
        "task T { input a : bool\n model M of T { var b = a }\n",
        ("2:2 CS106 expected `}` before `model`",),
    ),
    (
        "task T { input a : bool } output b : bool = a }\nmodel M of T { var b = a b}\n",
        (
            "1:27 CS108 `output` stands outside all declarations",
            "2:26 CS104 unexpected `b` after `a`",
        ),
    ),
    (
        "task T { var a = 1 output y : bool = a && b || !c; }",
        (
            "1:10 CS108 `var` cannot stand in a task",
            "1:40 CS109 `&&` is written `and` [and]",
            "1:45 CS109 `||` is written `or` [or]",
            "1:48 CS109 `!` is written `not` [not ]",
            "1:50 CS109 statements need no `;` at their end []",
        ),
    ),
    (
        "task T { output y : bool = if a = b then True else false }",
        (
            "1:33 CS110 expected `==`, found `=` [==]",
            "1:42 CS109 `True` is written `true` [true]",
        ),
    ),
    (
        'task T { output y : bool = if a then 1 elif b then 2 else 3  prompt p "a {x} {y as z} {w:.2f} }} {{ {" }',
        (
            "1:40 CS109 `elif` is written `else if` [else if]",
            "1:101 CS114 `{` opens a slot that nothing closes [{{]",
        ),
    ),
    (
        "task T { output y : bool = match a { A -> 1  B = 2 } }",
        (
            "1:40 CS109 `->` is written `=>` [=>]",
            "1:48 CS110 expected `=>`, found `=` [=>]",
        ),
    ),
    (
        "task T { let input = 3 }",
        ("1:14 CS115 `input` is a reserved word and cannot be a name",),
    ),
    (
        "task T { let x == 3 }",
        ("1:16 CS110 expected `=`, found `==` [=]",),
    ),
    (
        "task T { let x := 3 say y “hello” }",
        (
            "1:16 CS109 `:=` is written `=` [=]",
            '1:27 CS109 texts are written between straight double quotes, not `“` ["hello"]',
        ),
    ),
    (
        'task T { let x = "abc\n say y "hello" }',
        ('1:18 CS102 this text has no closing `"`',),
    ),
    (
        'task T { let x = """abc\n say y hello }',
        ('1:18 CS102 this text has no closing `"""`',),
    ),
    (
        "language 2",
        ("1:1 CS113 a file has only one `language` statement",),
    ),
    (
        "model M { var a = 1 + \n output y = }\n",
        (
            "1:9 CS104 expected `of` after `M`, found `{`",
            "1:21 CS104 expected a value after `+`, found `output`",
            "2:13 CS104 expected an expression after `=`, found `}`",
        ),
    ),
    (
        "model M off T { var a = 1 + \n output y = }\n",
        (
            "1:9 CS105 unknown word `off` [of]",
            "1:27 CS104 expected a value after `+`, found `output`",
            "2:13 CS104 expected an expression after `=`, found `}`",
        ),
    ),
    (
        "task T { type X = 0..9 input a : X }\n",
        ("1:10 CS108 `type` cannot stand inside a task",),
    ),
    (
        "align A of M { var v at residual layer 0..3 token last by das }",
        ("1:34 CS105 unknown word `layer` [layers]",),
    ),
    (
        "counterfactuals D of M { swap a form s1 swap (b) keep were x == 1 }",
        (
            "1:33 CS105 unknown word `form` [from]",
            "1:46 CS104 expected a name after `swap`, found `(`",
            "1:55 CS105 unknown word `were` [where]",
        ),
    ),
    (
        "task T { input a : {A, B  output y : bool = a }",
        ("1:27 CS106 expected `}` before `output`",),
    ),
    (
        "task T { example { a = 1  gives { y = 2 } }",
        ("1:27 CS106 expected `}` before `gives`",),
    ),
    (
        "type A = if",
        ("1:10 CS104 expected a set of values after `=`, found `if`",),
    ),
    (
        "type A = \n type B = 0..1",
        ("1:8 CS104 expected a set of values after `=`, found `type`",),
    ),
    (
        "task T { let x = f(1, 2  let y = 3 }",
        ("1:26 CS106 expected `)` before `let`",),
    ),
    (
        "task T { let x = (1 + 2]  let y = 3 + }",
        (
            "1:24 CS107 `]` cannot close `(` [)]",
            "1:39 CS104 expected a value after `+`, found `}`",
        ),
    ),
    (
        "task T { let x = 1 2 3  let y = 3 + }",
        (
            "1:20 CS104 unexpected `2` after `1`",
            "1:37 CS104 expected a value after `+`, found `}`",
        ),
    ),
    (
        "task T { return x }",
        ("1:10 CS109 an expression gives its value without `return`",),
    ),
    (
        "foo bar { var a = 1 }  type X = ",
        (
            "1:1 CS104 expected a declaration, found `foo`",
            "1:33 CS104 expected a set of values after `=`, found the end of the file",
        ),
    ),
    (
        "task T { output y : bool = return x  let z = 3 }",
        ("1:28 CS109 an expression gives its value without `return` []",),
    ),
    (
        "claim C { of M on D.test with A expect iia => 3 }",
        ("1:44 CS110 expected `>=`, found `=>` [>=]",),
    ),
    (
        "claim C { expect iia >= .5 }",
        ("1:25 CS116 a number starts with a digit: `.5` is written `0.5` [0.5]",),
    ),
    (
        'table T "a.csv" { a : words }  task X { let }',
        (
            '1:17 CS104 expected `key` after the text `"a.csv"`, found `{`',
            "1:45 CS104 expected a name after `let`, found `}`",
        ),
    ),
    (
        "task T { let x = 1 // comment here\n let y = 2 }",
        ("1:20 CS109 a comment starts with `#`",),
    ),
    (
        "task T { let x = 1e5 + .5 + 3\n// a comment about the model of things\n let y = 2 let if = 3 }",
        (
            "1:18 CS116 `1e5` is not a number",
            "1:24 CS116 a number starts with a digit: `.5` is written `0.5` [0.5]",
            "2:1 CS109 a comment starts with `#` [# a comment about the model of things]",
            "3:16 CS104 expected a name after `let`, found `if`",
        ),
    ),
    (
        "task T { let x = (1 + 2}  let y = 3 }",
        ("1:24 CS107 `}` cannot close `(` [)]",),
    ),
    (
        "task T { let x = (1 + 2]  let y = 3 }",
        ("1:24 CS107 `]` cannot close `(` [)]",),
    ),
    (
        "task T { let x = 1 + 2)  let y = 3 }",
        ("1:23 CS107 `)` closes nothing",),
    ),
    (
        "task T { let x = ) + 1  let y = 3 }",
        ("1:18 CS104 expected an expression after `=`, found `)`",),
    ),
    (
        "task T { let x = (1 + 2 }\nmodel M of T { output y = 3 }",
        ("1:25 CS106 expected `)` before `}`",),
    ),
    (
        "task T { input a : {A, B)  let y = 3 }",
        ("1:25 CS107 `)` cannot close `{` [}]",),
    ),
    (
        "task T { input a : {A, B  let y = 3 }",
        ("1:27 CS106 expected `}` before `let`",),
    ),
    (
        "task T { input a : {A B}  let y = 3 }",
        ("1:23 CS104 expected `,` or `}` after `A`, found `B`",),
    ),
    (
        "task T(digits = ) { let y = 3 + }",
        (
            "1:17 CS104 expected an expression after `=`, found `)`",
            "1:33 CS104 expected a value after `+`, found `}`",
        ),
    ),
    (
        "model T { let y = match x { A = 3, B - 4 } let z = *3 }",
        (
            "1:9 CS104 expected `of` after `T`, found `{`",
            "1:31 CS110 expected `=>`, found `=` [=>]",
            "1:42 CS104 expected `,`, `..` or `=>` after `4`, found `}`",
            "1:52 CS104 expected an expression after `=`, found `*`",
        ),
    ),
    (
        "claim C { of M on D.test with A  expect iia >= 0.3 and }",
        ("1:56 CS104 expected a value after `and`, found `}`",),
    ),
    (
        "align A of M { var x at residual layers 3.. token last by das(dim = ) }",
        ("1:51 CS104 expected `by`, `step`, `to` or `token` after `token`, found `last`",),
    ),
    (
        "derive D of M { marginalize }",
        (
            "1:10 CS104 expected `from` after `D`, found `of`",
            "1:29 CS104 expected a name after `marginalize`, found `}`",
        ),
    ),
    (
        'import "x" { a b }',
        ("1:16 CS104 expected `,` or `}` after `a`, found `b`",),
    ),
    (
        "function f(a : T, b) = a + b",
        ("1:20 CS104 expected `:` after `b`, found `)`",),
    ),
    (
        'table C "c.csv" key name { a words b : words }',
        ("1:30 CS104 expected `,` or `:` after `a`, found `words`",),
    ),
    (
        "task T { prompt p }",
        ("1:19 CS104 expected a text, `chat` or `match` after `p`, found `}`",),
    ),
    (
        "task T { say y }",
        ("1:16 CS104 expected a text, `in`, `.`, `[` or `{` after `y`, found `}`",),
    ),
    (
        'task T { say y "{a b}" say z "{}" say w "{1 + }" say u "\\q" }',
        (
            "1:20 CS104 unexpected `b` after `a`",
            "1:31 CS114 this slot is empty",
            "1:47 CS104 expected a value after `+`, found `}`",
            "1:57 CS103 unknown escape `\\q`",
        ),
    ),
    (
        "task T { input x, y }",
        ("1:21 CS104 expected `,`, `:` or `[` after `y`, found `}`",),
    ),
    (
        "abstraction F from A { x = 1 }",
        ("1:22 CS104 expected `to` or `(` after `A`, found `{`",),
    ),
    (
        "task T { require x in 0..3..5 }",
        ("1:27 CS104 unexpected `..` after `3`",),
    ),
    (
        "task T { require a < in b }",
        ("1:22 CS104 expected a value after `<`, found `in`",),
    ),
    (
        "task T { require a == b == }",
        ("1:28 CS104 expected a value after `==`, found `}`",),
    ),
    (
        "counterfactuals D of M { split train 10 test 20 seed }",
        (
            "1:41 CS104 expected `disjoint`, `,`, `}` or a statement, found `test`",
            "1:54 CS104 expected a number after `seed`, found `}`",
        ),
    ),
    (
        "counterfactuals D of M { swap a, swap b weight x balance }",
        (
            "1:34 CS104 expected a name after `,`, found `swap`",
            "1:48 CS104 expected a number after `weight`, found `x`",
            "1:58 CS104 expected an expression after `balance`, found `}`",
        ),
    ),
    (
        "model M of T aproximately { }",
        ("1:14 CS105 unknown word `aproximately` [approximately]",),
    ),
    (
        "model M of T { variable x = 1 }",
        ("1:16 CS105 unknown word `variable` [var]",),
    ),
    (
        "def f(x): return x",
        (
            "1:1 CS109 a function is declared at the top level, as in `function double(x : 0..9) = 2 * x`",
        ),
    ),
    (
        "task T { example { x = 1 } give { y = 2 } }",
        ("1:28 CS105 unknown word `give` [gives]",),
    ),
    (
        'task T { input a: "x" }',
        ('1:23 CS104 expected `..` after the text `"x"`, found `}`',),
    ),
    (
        "task T { output y = if a then b }",
        ("1:33 CS104 expected `else` after `b`, found `}`",),
    ),
    (
        "task T { output y = sum(a for i in) }",
        ("1:35 CS104 expected a set of values after `in`, found `)`",),
    ),
    (
        "task T { let y = (mtach x { A => 1 }) let z = iff a then b else c }",
        (
            "1:19 CS105 unknown word `mtach` [match]",
            "1:47 CS105 unknown word `iff`",
        ),
    ),
    (
        "task T { let x = a //\n let y = 3 }",
        ("1:20 CS104 expected a value after `//`, found `let`",),
    ),
    (
        "task T { let x = (2 - 3 5) * 2 }",
        ("1:25 CS104 expected `)` after `3`, found `5`",),
    ),
    (
        "task T { let x = a + \n prompt\n let y = 3 }",
        (
            "1:20 CS104 expected a value after `+`, found `prompt`",
            "2:2 CS104 expected a name after `prompt`, found `let`",
        ),
    ),
    (
        "task T { output y : bool = a xor b }\nmodle M of T { output y = a }\n",
        (
            "1:30 CS109 `a xor b` is written `a != b`",
            "2:1 CS105 unknown word `modle` [model]",
        ),
    ),
    (
        "task T { output y : bool = match a { => 1 } }\nmodle M of T { output y = a }\n",
        (
            "1:38 CS104 expected a pattern or `else` after `{`, found `=>`",
            "2:1 CS105 unknown word `modle` [model]",
        ),
    ),
    (
        "task T { let z = (x // 2) y }",
        ("1:27 CS104 unexpected `y` after `)`",),
    ),
    (
        "type A = {B, C}  foo  type D = {E, F}",
        ("1:18 CS104 expected a declaration, found `foo`",),
    ),
    (
        "task T { let x = 1 2\nmodel M of T { output y = }",
        (
            "1:20 CS104 unexpected `2` after `1`",
            "2:27 CS104 expected an expression after `=`, found `}`",
        ),
    ),
)
