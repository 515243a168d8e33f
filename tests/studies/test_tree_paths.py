"""Paths in trees, found backwards: the labels of `specs/tree_paths` by a program of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.helpers.studies import Setting, check_labels


def walked(run: Setting, start: int, steps: int) -> list[int]:
    """The nodes above one, along the edges of a run's tree; the root is above itself."""
    edges = [(run[f"node[{p // 2}]"], run[f"node[{p}]"]) for p in range(2, 16)]
    assert len(edges) == len({below for _, below in edges})
    parents = {below: above for above, below in edges}
    path = [start]
    for _ in range(steps):
        path.append(parents.get(path[-1], path[-1]))
    return path


def follows(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    (source,) = sources.values()
    step = {"step[1]": 1, "step[2]": 2}[kind]
    before = walked(base, base[f"node[{base['goal']}]"], 3)
    taken = walked(source, source[f"node[{source['goal']}]"], 3)[step]
    path = before[:step] + walked(base, taken, 3 - step)
    return {f"back[{t}]": node for t, node in enumerate(path)}


def test_labels(tmp_path: Path) -> None:
    check_labels("tree_paths", "Steps", follows, tmp_path)
