"""How long `causalspec check` takes from a cold start, and how much memory: promise 2.

Three specs, each checked by the command in a process of its own: a small one (a library spec's
size), one of 1,000 lines made of twenty whole studies (300 variables with their tasks, models,
prompts, data, alignments and claims), and one of 1,000 lines that is a single chain of 300
variables. Beside them, as the machine's own yardstick, what `import numpy` takes.

    python benchmarks/check.py
    python benchmarks/check.py specs/*/*.causal    # these instead, slowest first
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kept import keep

ROUNDS = 7
SPEC_INVALID, UNKNOWN = 3, 4

SMALL = """\
language 1

type Shape = 0..9

task SameRelation {
  input a, b, c, d : Shape
  output same : bool = (a == b) == (c == d)
  encode vector { a, b, c, d as symbol(dim = 4) }
  example { a = 1  b = 1  c = 2  d = 2 } gives { same = true }
}

model BothEqualities of SameRelation {
  var left  = a == b
  var right = c == d
  output same = left == right
}

counterfactuals OneOrBoth of BothEqualities {
  swap left
  swap right
  balance result.same != base.same
  split train 10_000, validation 500, test 1_000
}

align HiddenLayer of BothEqualities {
  var left  at hidden layers 1..3 by das(dim = 8)
  var right at hidden layers 1..3 by das(dim = 8)
}

claim ComputesBothEqualities {
  of BothEqualities on OneOrBoth.test with HiddenLayer
  expect iia >= 0.95
  expect iia - iia(random_network) >= 0.30
}
"""

STUDY = """\
task Transfer{n} {{
  "Does what is left after fees and gifts reach the limit?"
  input funds, deposit : 0..9
  input fee   : 0..3
  input limit : 0..19
  input kind  : {{Private, Business}}
  require funds + deposit > 0

  let rest = funds + deposit - fee
  output answer : {{Yes, No}} = if (kind == Private and rest >= limit)
    or (kind == Business and rest >= limit - 2) then Yes else No

  prompt main "A {{kind}} account holds {{funds}}, gets {{deposit}}, pays {{fee}}; is it {{limit}}?"
  say answer {{ Yes => " Yes"  No => " No" }}

  example {{ funds = 5  deposit = 5  fee = 0  limit = 10  kind = Private }} gives {{ answer = Yes }}
  example {{ funds = 5  deposit = 5  fee = 1  limit = 10  kind = Private }} gives {{ answer = No }}
}}

model Stepwise{n} of Transfer{n} {{
  "The sum first, then the fee, then the limit that is meant."
  var total     = funds + deposit
  var remainder = total - fee
  var bound     = if kind == Business then limit - 2 else limit
  var enough    = remainder >= bound
  output answer = if enough then Yes else No
}}

model Allowance{n} of Transfer{n} {{
  "Fee and limit make one threshold."
  var threshold = limit + fee - (if kind == Business then 2 else 0)
  output answer = if funds + deposit >= threshold then Yes else No
}}

counterfactuals Swap{n} of Stepwise{n} {{
  swap enough
  balance result.answer != base.answer
  split train 2_000, validation 200, test 500 disjoint by (funds, deposit)
}}

align Middle{n} of Stepwise{n} {{
  var enough at residual layers 4..20 token last by das(dim = 16)
}}

claim Decides{n} {{
  of Stepwise{n} on Swap{n}.test with Middle{n}
  expect iia >= 0.90
  expect iia - iia(random_network) >= 0.30
}}

"""


def studies(count: int = 20) -> str:
    """Whole studies one after the other: 15 variables and 50 lines each."""
    return "language 1\n\n" + "".join(STUDY.format(n=number) for number in range(count))


def chain(variables: int = 300) -> str:
    """One model whose every variable reads the one before."""
    inputs = "  input x0, x1, x2 : 0..9\n"
    links = [
        f"  # Step {k}: what the step before carried, folded back.\n"
        f"  var v{k} : 0..9 = if v{k - 1} >= 5 and x{k % 3} != {k % 10}\n"
        f"    then (v{k - 1} + x{k % 3} + {k % 7}) % 10 else 9 - v{k - 1}\n"
        for k in range(1, variables)
    ]
    return (
        "language 1\n\n"
        f"task Fold {{\n{inputs}  output y : 0..9 = (x0 + x1 + x2) % 10\n}}\n\n"
        "model Chain of Fold approximately {\n"
        "  var v0 = x0\n" + "".join(links) + f"  output y = v{variables - 1}\n}}\n"
    )


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took: seconds on the wall and of computing, and MiB at most."""

    wall: float
    computing: float
    memory: float


def cost_of(command: Sequence[str]) -> Cost:
    """Run a command. Raises `AssertionError` where it fails otherwise than over a spec."""
    # As with an installed package: modules are compiled once, not at every start.
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": ""}
    quiet = subprocess.DEVNULL
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, SPEC_INVALID, UNKNOWN):
        raise AssertionError(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def report(label: str, command: Sequence[str]) -> dict[str, Any]:
    """Print and return what `ROUNDS` runs took, without the first, which may compile bytecode."""
    cost_of(command)
    costs = [cost_of(command) for _ in range(ROUNDS)]
    found: dict[str, Any] = {}
    figures = (
        ("wall", [cost.wall for cost in costs], "s"),
        ("user + system", [cost.computing for cost in costs], "s"),
        ("peak memory", [cost.memory for cost in costs], "MiB"),
    )
    for name, values, unit in figures:
        low, middle, high = min(values), statistics.median(values), max(values)
        print(f"{label:28} {name:14} {low:8.2f} {middle:8.2f} {high:8.2f}  {unit}")
        rounded = (round(value, 3) for value in (low, middle, high))
        found[f"{name} ({unit})"] = dict(zip(("min", "median", "max"), rounded, strict=True))
    return found


def check_of(spec: Path) -> list[str]:
    """The command that checks a file."""
    return [sys.executable, "-m", "causalspec.command_line", "check", "--quiet", str(spec)]


def slowest_first(specs: Sequence[Path]) -> None:
    """Print what checking each file takes, once."""
    costs = [(cost_of(check_of(spec)), spec) for spec in specs]
    for cost, spec in sorted(costs, key=lambda measured: -measured[0].wall):
        print(f"{cost.wall:8.2f} s wall {cost.computing:8.2f} s user + system  {spec}")


def main() -> None:
    """Print the lowest, middle and highest figure of each."""
    if len(sys.argv) > 1:
        slowest_first([Path(name) for name in sys.argv[1:]])
        return
    print(f"{'':44}{'min':>7}{'median':>9}{'max':>9}   ({ROUNDS} runs)")
    found = {"import numpy": report("import numpy", [sys.executable, "-c", "import numpy"])}
    specs = {"small spec": SMALL, "twenty studies": studies(), "chain of 300 variables": chain()}
    with tempfile.TemporaryDirectory() as folder:
        for label, text in specs.items():
            spec = Path(folder) / f"{label.replace(' ', '_')}.causal"
            spec.write_text(text, encoding="utf-8")
            lines = len(text.splitlines())
            found[label] = report(f"{label}, {lines} lines", check_of(spec))
    yardstick = found["import numpy"]["wall (s)"]["median"]
    for label, costs in found.items():
        costs["times import numpy"] = round(costs["wall (s)"]["median"] / yardstick, 1)
        print(f"{label:28} {costs['times import numpy']:.1f} times import numpy")
    keep("check", found)


if __name__ == "__main__":
    sys.exit(main())
