"""What the page of the calibration shows, from what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from calibration.claims import ROWS, Found
from calibration.systems import NAMES

OUTCOMES = ("holds", "fails", "vacuous", "unknown")


def sections(found: dict[str, Any]) -> dict[str, str]:
    """Each part's text, of those that something was measured of."""
    made = {
        "systems": _systems(found.get("systems", {})),
        "claims": _claims(found.get("claims", {})),
        "nulls": _nulls(found.get("nulls", {})),
        "power": _power(found.get("nulls", {})),
        "coverage": _coverage(found.get("coverage", {})),
    }
    texts = {part: "\n".join(lines) for part, lines in made.items()}
    return {
        part: f"{text}\n\nMeasured on {found['machine']}.\n" for part, text in texts.items() if text
    }


def _claims(measured: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for row in ROWS:
        seeds = [
            Found(**value)
            for name, value in measured.items()
            if name.rpartition(" ")[0] == row.name
        ]
        if not seeds:
            continue
        right = sum((seed.outcome == "holds") == row.true for seed in seeds)
        told = [sum(seed.outcome == word for seed in seeds) for word in OUTCOMES]
        means = [
            _mean([value for value in values if value is not None])
            for values in (
                [seed.iia for seed in seeds],
                [seed.untrained for seed in seeds],
                [seed.site_resampled for seed in seeds],
                [seed.unmapped_resampled for seed in seeds],
            )
        ]
        cells = [row.about, "holds" if row.true else "refused", f"{right} of {len(seeds)}"]
        lines.append(f"| {' | '.join([*cells, *map(str, told), *means])} |")
    if not lines:
        return []
    head = [
        "claim", "ought to be", "right", *OUTCOMES, "IIA", "untrained", "site resampled",
        "unmapped resampled",
    ]  # fmt: skip
    return [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *lines]


def _systems(measured: dict[str, Any]) -> list[str]:
    if not measured:
        return []
    lines = [
        "| system | claim | verdict | IIA | site resampled | unmapped resampled |",
        f"|{'---|' * 6}",
    ]
    for name in NAMES:
        for claim, found in measured.get(name, {}).items():
            scores = [
                "not tested" if found[key] is None else f"{found[key]:.3f}"
                for key in ("iia", "site_resampled", "unmapped_resampled")
            ]
            link = f"[{name}](../specs/simulated_systems/{name}.causal)"
            cells = [link, claim, found["outcome"], *scores]
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def _nulls(measured: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for name, shares in _named(measured, "search "):
        bases, sources, replicates = _numbers(name)
        told = [
            f"{shares[key]:.3f}"
            for key in ("covers_at_random", "covers", "above_90", "above_95", "same_90")
        ]
        lines.append(f"| {bases} | {sources} | {replicates} | {' | '.join(told)} |")
    if not lines:
        return []
    head = (
        "| bases | sources | replicates | covers, any site | covers, chosen site "
        "| false find, nominal .05 | nominal .025 | nominal .05, chosen on the tested pairs |"
    )
    return [head, f"|{'---|' * 8}", *lines]


def _power(measured: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for name, found in _named(measured, "power of "):
        text, _, setting = name.removeprefix("power of ").partition(": ")
        pairs, bases, sources, of_base, of_source = setting.split(" x ")[0].split()
        lines.append(
            f"| `{text}` | {pairs} | {bases} | {sources} | {of_base} | {of_source} | "
            f"{found['pairs']:g} | {found['told']:.3f} | {found['held']:.3f} | "
            f"{found['planned']:.3f} |"
        )
    if not lines:
        return []
    head = (
        "| expectation | pairs | bases | sources | base's part | source's part | count as "
        "| planned | held | planned, parts unknown |"
    )
    return [head, f"|{'---|' * 10}", *lines]


def _coverage(measured: dict[str, Any]) -> list[str]:
    if not measured:
        return []
    shares = {name: found[0] for name, found in measured.items()}
    alone = min(found[1] for found in measured.values())
    within = sum(0.93 <= share <= 0.97 for share in shares.values())
    replicates = sorted({_numbers(name)[-1] for name in shares})
    lines = [
        f"At {within} of {len(shares)} settings, {' or '.join(map(str, replicates))} replicates "
        f"each, intervals cover in 93 to 97 %; the least is {min(shares.values()):.3f}, the "
        f"greatest {max(shares.values()):.3f}. Were pairs taken as independent, the least would be "
        f"{alone:.3f}. Outside of 93 to 97 % lie:",
        "",
        "| pairs | bases | sources | truth | base's part | source's part | covers |",
        f"|{'---|' * 7}",
    ]
    for name, share in shares.items():
        if not 0.93 <= share <= 0.97:
            cells = name.split(" x ")[0].split()
            lines.append(f"| {' | '.join(cells)} | {share:.3f} |")
    return lines


def _named(measured: dict[str, Any], start: str) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in measured.items() if name.startswith(start))


def _numbers(name: str) -> list[int]:
    return [int(word) for word in name.split() if word.isdigit()]


def _mean(values: list[float]) -> str:
    return f"{sum(values) / len(values):.2f}" if values else "not tested"
