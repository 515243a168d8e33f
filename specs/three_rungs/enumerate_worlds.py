"""Answer questions of `causalspec sample --questions` by a program of its own, and count them.

    python specs/three_rungs/enumerate_worlds.py FOLDER

The models are written down again below, in Python. A question is answered by going through every
world: those that give what was seen are kept, what is done is done in them, and the weights of what
comes out are added up. Prints the counts and the agreement as JSON; writes `difficulty.svg`.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import product
from math import sqrt
from pathlib import Path
from typing import Any

from causalspec.runtime.report.pictures import ColumnGroup, heat_map

Run = dict[str, Any]
Mechanisms = Mapping[str, Callable[[Run], Any]]

TRUTH = {"true": True, "false": False}


def chances(**percent: int) -> dict[str, dict[Any, Fraction]]:
    """Truth values that hold in so many of a hundred worlds."""
    return {
        name: {True: Fraction(share, 100), False: 1 - Fraction(share, 100)}
        for name, share in percent.items()
    }


CONFOUNDING: Mechanisms = {
    "treated": lambda r: r["severe"] != r["doctor"],
    "recovers": lambda r: (
        r["luck"] or (r["treated"] and r["works"] if r["severe"] else r["treated"] or r["works"])
    ),
}
MEDIATION: Mechanisms = {
    "treated": lambda r: r["doctor"],
    "fever": lambda r: r["stubborn"] if r["treated"] else r["severe"] or r["stubborn"],
    "recovers": lambda r: not r["fever"] or (r["treated"] and r["direct"]),
}
ARROWHEAD: Mechanisms = {
    "treated": lambda r: r["severe"] or r["doctor"],
    "fever": lambda r: r["severe"] and (not r["treated"] or r["stubborn"]),
    "recovers": lambda r: not r["fever"] and (r["treated"] or not r["weak"]),
}
RIFLEMEN: Mechanisms = {
    "signal": lambda r: r["ordered"],
    "first": lambda r: r["signal"] or r["nervous"],
    "second": lambda r: r["signal"],
    "dead": lambda r: r["first"] or r["second"],
}
WEB: Mechanisms = {
    "drun": lambda r: r["blim"] or r["torv"],
    "mosk": lambda r: r["drun"] and not r["quafe"],
    "flane": lambda r: r["torv"] if r["mosk"] else r["zelp"],
    "prink": lambda r: r["drun"] and r["flane"],
    "yolm": lambda r: r["mosk"] or r["prink"],
    "skaff": lambda r: not r["yolm"] and r["zelp"],
    "trell": lambda r: r["prink"] or r["skaff"],
    "wub": lambda r: r["trell"] and not (r["quafe"] and r["yolm"]),
}


def _falls(column: int) -> Callable[[Run], Any]:
    return lambda r: r[f"cell[{column}]"] != "Black" and r[f"cell[{column + 3}]"] == "Black"


def _upper(column: int) -> Callable[[Run], Any]:
    return lambda r: "Black" if r[f"falls[{column}]"] else r[f"cell[{column}]"]


def _lower(column: int) -> Callable[[Run], Any]:
    return lambda r: r[f"cell[{column if r[f'falls[{column}]'] else column + 3}]"]


def _shown(cell: int) -> Callable[[Run], Any]:
    if cell < 3:
        return lambda r: "Black" if r["full"] else r[f"upper[{cell}]"]
    return lambda r: r[f"upper[{cell - 3}]" if r["full"] else f"lower[{cell - 3}]"]


FALLING: Mechanisms = {
    **{f"falls[{column}]": _falls(column) for column in range(3)},
    **{f"upper[{column}]": _upper(column) for column in range(3)},
    **{f"lower[{column}]": _lower(column) for column in range(3)},
    "full": lambda r: all(r[f"lower[{column}]"] != "Black" for column in range(3)),
    **{f"shown[{cell}]": _shown(cell) for cell in range(6)},
}
CELLS = {
    f"cell[{cell}]": dict.fromkeys(("Black", "Red", "Blue"), Fraction(1, 3)) for cell in range(6)
}


class Enumeration:
    """A model's worlds, each run once for each intervention that is asked about."""

    def __init__(self, given: Mapping[str, Mapping[Any, Fraction]], what: Mechanisms) -> None:
        self._mechanisms = what
        worlds = [dict(zip(given, values, strict=True)) for values in product(*given.values())]
        self._worlds = [(world, _weight(given, world)) for world in worlds]
        self._runs: dict[tuple[tuple[str, Any], ...], list[Run]] = {}

    def _under(self, done: Run) -> list[Run]:
        key = tuple(done.items())
        if key not in self._runs:
            self._runs[key] = [self._run(world, done) for world, _ in self._worlds]
        return self._runs[key]

    def _run(self, world: Run, done: Run) -> Run:
        run = {**world, **done}
        for name, mechanism in self._mechanisms.items():
            if name not in done:
                run[name] = mechanism(run)
        return run

    def answer(self, seen: Run, done: Run, of: str, *, before: bool) -> dict[Any, Fraction]:
        """How likely each value is: `before` says whether the evidence is of the world as it is."""
        odds: Counter[Any] = Counter()
        facts = self._under({} if before else done)
        for (_, weight), fact, run in zip(self._worlds, facts, self._under(done), strict=True):
            if all(fact[name] == value for name, value in seen.items()):
                odds[run[of]] += weight
        total = sum(odds.values())
        return {value: Fraction(weight) / total for value, weight in odds.items()}


def _weight(given: Mapping[str, Mapping[Any, Fraction]], world: Run) -> Fraction:
    weight = Fraction(1)
    for name, value in world.items():
        weight *= given[name][value]
    return weight


def enumeration_of(stem: str) -> Enumeration:
    """The model that a file of questions is about: `Mediation-25` where a quarter is helped."""
    name, _, share = stem.partition("-")
    helped = int(share or 70)
    match name:
        case "Confounding":
            return Enumeration(chances(severe=40, doctor=20, works=helped, luck=10), CONFOUNDING)
        case "Mediation":
            given = chances(severe=40, doctor=50, stubborn=100 - helped, direct=25)
            return Enumeration(given, MEDIATION)
        case "Arrowhead":
            return Enumeration(
                chances(severe=40, doctor=25, stubborn=100 - helped, weak=50), ARROWHEAD
            )
        case "TwoRiflemen":
            return Enumeration(chances(ordered=70, nervous=10), RIFLEMEN)
        case "Web":
            return Enumeration(chances(blim=50, torv=50, quafe=50, zelp=50), WEB)
        case _:
            return Enumeration(CELLS, FALLING)


def agrees(question: dict[str, Any], worlds: Enumeration) -> bool:
    """Whether all of a question's answers are those of the enumeration."""
    seen, done = (
        {name: TRUTH.get(value, value) for name, value in question[part].items()}
        for part in ("observed", "done")
    )
    (of,) = question["answers"][0]["values"]
    found = {
        TRUTH.get(other["values"][of], other["values"][of]): Fraction(other["probability"])
        for other in question["answers"]
    }
    return found == worlds.answer(seen, done, of, before=question["rung"] == "counterfactual")


def wilson(hits: int, total: int) -> dict[str, float]:
    """A share with its 95 % interval (Wilson 1927)."""
    z, share = 1.959964, hits / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * sqrt(share * (1 - share) / total + z * z / (4 * total**2)) / (1 + z * z / total)
    return {"value": share, "lower": middle - half, "upper": middle + half}


def difficulty(questions: list[dict[str, Any]]) -> str:
    """Of each rung's questions, the share that hangs on so many variables."""
    bins = ("1–2", "3–4", "5–6", "7–8", "9–12", "13–17", "18+")
    ends = (2, 4, 6, 8, 12, 17, 10**6)
    rows: dict[str, list[float | None]] = {}
    for rung in ("observation", "intervention", "counterfactual"):
        sizes = [question["variables"] for question in questions if question["rung"] == rung]
        placed = Counter(next(n for n, end in enumerate(ends) if size <= end) for size in sizes)
        rows[rung] = [placed[number] / len(sizes) for number in range(len(bins))]
    return heat_map("questions by rung and by number of variables", [ColumnGroup("", bins)], rows)


def main(folder: Path) -> None:
    """Count and check every question in a folder."""
    questions: list[dict[str, Any]] = []
    right = 0
    seconds = 0.0
    for file in sorted(folder.glob("*.jsonl")):
        worlds = enumeration_of(file.stem)
        found = list(map(json.loads, file.read_text(encoding="utf-8").splitlines()))
        right += sum(agrees(question, worlds) for question in found)
        questions += found
        done = file.with_suffix(".done.json").read_text(encoding="utf-8")
        seconds += float(json.loads(done)["seconds"])
    texts = Counter((*question["model"], question["question"]) for question in questions)
    sense = Counter(
        (
            *(line for line in question["model"] if "with probability" not in line),
            question["question"],
            *(other["probability"] for other in question["answers"]),
        )
        for question in questions
    )
    rungs = Counter(question["rung"] for question in questions)
    most = max(question["variables"] for question in questions)
    svg = difficulty(questions)
    (folder / "difficulty.svg").write_text(svg, encoding="utf-8")
    summary = {
        "questions": len(questions),
        "a_second": len(questions) / seconds,
        "duplicates": 1 - len(texts) / len(questions),
        "same_answer_at_other_probabilities": 1 - len(sense) / len(questions),
        "agreement": wilson(right, len(questions)),
        "rungs": {rung: count / len(questions) for rung, count in rungs.items()},
        "most_variables": most,
        "five_or_more": sum(q["variables"] >= 5 for q in questions) / len(questions),
        "uncertain": sum(0 < Fraction(q["probability"]) < 1 for q in questions) / len(questions),
    }
    print(json.dumps(summary, indent=2))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
