"""`--cluster`: processes of a real Ray cluster share a run, and it comes to the same."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from causalspec.runtime.fitting import fit_store
from tests.helpers.local_cluster import LocalCluster
from tests.helpers.terminal import Terminal
from tests.helpers.tiny_player import SPEC

PATIENCE = 120.0

TWO_CLAIMS = (
    SPEC
    + """
claim OnceMore {
  of Direct on SwapColor.test with Last
  expect iia >= 0.80 for 1 of 2 seeds
}
"""
)


def command(player: Path, out: str) -> tuple[str, ...]:
    where = ("--network", str(player), "--device", "cpu")
    return ("verify", "spec.causal", *where, "--steps", "120", "--out", out)


def results(folder: Path) -> dict[str, Any]:
    """What a run came to, but for times, memory and how it was called."""

    def kept(value: Any) -> Any:
        if isinstance(value, dict):
            without = {"seconds", "memory", "device_memory", "command", "looks"}
            return {name: kept(inner) for name, inner in value.items() if name not in without}
        return [kept(inner) for inner in value] if isinstance(value, list) else value

    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".safetensors":
            found[path.name] = path.read_bytes()
        elif path.name in ("result.json", "alignment.json"):
            found[path.name] = kept(json.loads(path.read_text(encoding="utf-8")))
        else:
            found[path.name] = None
    return found


class Waiting:
    """The fits of this process: the first waits until its helpers have come as far as `until`."""

    def __init__(self, until: Callable[[], bool], patch: pytest.MonkeyPatch) -> None:
        self.fits = 0
        self._until, self._fit = until, fit_store.fit_together
        patch.setattr(fit_store, "fit_together", self)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.fits += 1
        deadline = time.monotonic() + PATIENCE
        while self.fits == 1 and not self._until():
            assert time.monotonic() < deadline, "no helper came as far"
            time.sleep(0.02)
        return self._fit(*arguments, **named)


def stages() -> tuple[list[Path], list[Path]]:
    """Those that are not finished, and those that are."""
    found: tuple[list[Path], list[Path]] = [], []
    for path in Path().glob(".shared.run-*/*.safetensors"):
        found["so-far" not in path.name].append(path)
    return found


def test_helpers_share_a_run_that_comes_to_the_same(
    run: Terminal, player: Path, cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both loops of sites, controls, seeds and claims are shared; one of the helpers is killed in
    the middle of a fit.
    """
    run.write(spec=TWO_CLAIMS)
    with monkeypatch.context() as patch:
        alone = Waiting(lambda: True, patch)
        assert run(*command(player, "alone"))[0] in (0, 1)
    killed: list[int] = []

    def helped() -> bool:
        """A helper is killed when one has kept how far its fit is; another has to finish one."""
        so_far, finished = stages()
        if not killed and so_far:
            for helper in cluster.at("help_out"):
                helper.send_signal(signal.SIGKILL)
                killed.append(helper.pid)
        return bool(killed and finished)

    with monkeypatch.context() as patch:
        shared = Waiting(helped, patch)
        status, _, told = run(*command(player, "shared"), "--cluster", cluster.address)
    assert status in (0, 1), told
    assert killed
    assert "a process of the cluster was lost: what it was at is done by another" in told
    assert shared.fits < alone.fits
    assert results(Path("shared")) == results(Path("alone"))
    assert not list(Path().glob(".shared.*"))
    assert "ray" not in told.lower().replace("array", "")


def test_an_alignment_is_shared(run: Terminal, player: Path, cluster: LocalCluster) -> None:
    run.write(spec=SPEC)
    where = ("--network", str(player), "--device", "cpu", "--steps", "60")
    assert run("align", "spec.causal", "Last", *where, "--out", "alone")[0] == 0
    shared = ("--out", "shared", "--cluster", cluster.address)
    status, _, told = run("align", "spec.causal", "Last", *where, *shared)
    assert status == 0, told
    assert results(Path("shared")) == results(Path("alone"))


@pytest.mark.usefixtures("cluster")  # Ray is there
def test_a_cluster_that_is_not_there(run: Terminal, player: Path) -> None:
    run.write(spec=SPEC)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nothing listens there
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        status, _, told = run(*command(player, "out"), "--cluster", address)
    assert status == 5
    assert f"error: there is no cluster at `{address}`: Connection refused" in told
    assert "nothing is lost, and the same command goes on once it is there" in told
    status, _, told = run(*command(player, "out"), "--cluster", "ray://here:10001")
    assert status == 5
    assert "error: `ray://here:10001` is not the address of a cluster" in told
    assert not Path("out").exists()
    assert not list(Path().glob(".out*"))


def test_ray_is_not_installed(run: Terminal, player: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run.write(spec=SPEC)
    monkeypatch.setitem(sys.modules, "ray", None)  # what Python takes for absent
    status, _, told = run(*command(player, "out"), "--cluster", "auto")
    assert status == 5
    assert "error: a cluster needs the library `ray`: import of ray halted" in told
    assert "causalspec[cluster]" in told
    assert not Path("out").exists()


def test_one_device_and_all_of_them(run: Terminal, player: Path, cluster: LocalCluster) -> None:
    run.write(spec=SPEC)
    arguments = command(player, "out")
    named = [*arguments[: arguments.index("cpu")], "cuda:1", *arguments[-4:]]
    status, _, told = run(*named, "--cluster", cluster.address)
    assert status == 5
    assert "`--device cuda:1` names one device, but `--cluster` takes all that there are" in told
    assert os.environ.get("CUDA_VISIBLE_DEVICES") is None
