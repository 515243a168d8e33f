"""Seconds of processor time that the large proofs take, and compiling a graph of 1,000 variables.

python benchmarks/proofs.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

from loading import shared_with_tests

ROUNDS = 5


def measurements() -> Iterator[tuple[str, Callable[[], object]]]:
    """What is measured, by name; the proofs start from compiled specs."""
    from causalspec.compiler.proofs.witnesses import find_witness, smallest_witness

    large = shared_with_tests("large_questions")
    prices = large.specification_of(large.price_tagging())
    for name in large.PRICE_MODELS:
        asked = large.output_differs(prices, name, "PriceTagging")
        yield f"price tagging: {name} proved", lambda asked=asked: find_witness(*asked)
    ten = large.output_differs(large.specification_of(large.ten_digits()), "CarryChain", "Addition")
    yield "ten digits: carries proved", lambda: find_witness(*ten)
    wrong = large.specification_of(large.ten_digits_with_a_wrong_carry())
    planted = large.output_differs(wrong, "CarryChain", "Addition")
    yield "ten digits: wrong carry refuted", lambda: smallest_witness(*planted)
    text = large.a_thousand_variables()
    yield "1,000 variables compiled", lambda: large.specification_of(text)


def main() -> None:
    """Print a line a question, with what came out."""
    for name, work in measurements():
        taken: list[float] = []
        found: object = None
        for _ in range(ROUNDS):
            started = time.process_time()
            found = work()
            taken.append(time.process_time() - started)
        low, middle, high = min(taken), statistics.median(taken), max(taken)
        answer = getattr(found, "evidence", type(found).__name__)
        print(f"{name:42} {low:6.2f} {middle:6.2f} {high:6.2f} s (min, median, max)  {answer}")


if __name__ == "__main__":
    main()
