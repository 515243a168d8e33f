"""Paths in trees, found backwards: the labels of `specs/tree_paths` by a program of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

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


def climbed(run: Setting, node: str, steps: int) -> str | None:
    """The node so many edges above one in a tree whose places may hang one or two below."""
    parents: dict[str, str] = {}
    for listed in range(7):
        place = run[f"edge[{listed}]"]
        above = place - 1 if place == 1 or not run[f"far[{place}]"] else place - 2
        parents[run[f"node[{place}]"]] = run[f"node[{above}]"]
    assert len(parents) == 7
    for _ in range(steps):
        if node not in parents:
            return None
        node = parents[node]
    return node


def climbs(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    (source,) = sources.values()
    assert base["steps"] == source["steps"] == 2
    step = int(kind[len("step[") : -1])
    taken = climbed(source, source[f"node[{source['goal']}]"], step)
    assert taken is not None
    return {"ancestor": climbed(base, taken, 2 - step)}


@pytest.mark.parametrize("design", ["FirstSteps", "SecondSteps"])
def test_labels_of_backward_steps(design: str, tmp_path: Path) -> None:
    check_labels("tree_paths", design, climbs, tmp_path, file="backward")
