"""`--precision`: refused where the device lacks it, told in results, runs kept apart by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.engine.precision import chosen_precision, products_in
from causalspec.runtime.networks import frozen_products
from causalspec.runtime.networks.frozen_products import multiplies_in_bfloat16, speed_up_products
from causalspec.runtime.networks.kinds import NetworkKind
from tests.helpers.terminal import Terminal
from tests.helpers.tiny_player import SPEC

CPU: Any = torch.cpu
LACKS = dict[str, object]({"avx2": True, "avx512_bf16": False, "amx_bf16": False})
HAS = LACKS | {"avx512_bf16": True}


def on(capabilities: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CPU, "get_capabilities", lambda: capabilities)


def test_what_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu, gpu = torch.device("cpu"), torch.device("cuda:1")
    on(LACKS, monkeypatch)
    assert [chosen_precision(asked, cpu) for asked in ("float32", "auto")] == ["float32"] * 2
    for device, named in ((cpu, "this processor"), (gpu, "`cuda:1`")):
        with pytest.raises(ToolFailure, match=f"^{named} has no products of bfloat16 that are"):
            chosen_precision("bfloat16", device)
    on(HAS, monkeypatch)
    assert [chosen_precision(asked, cpu) for asked in ("float32", "auto", "bfloat16")] == [
        "float32",
        "bfloat16",
        "bfloat16",
    ]
    assert chosen_precision("auto", gpu) == "float32"
    plain = NetworkKind.MODULE
    assert [chosen_precision(asked, cpu, plain) for asked in ("float32", "auto")] == ["float32"] * 2
    with pytest.raises(ToolFailure, match="reads no texts is multiplied in the precision"):
        chosen_precision("bfloat16", cpu, plain)


def test_products_are_so_within_a_block_alone() -> None:
    with products_in("float32"):
        assert not multiplies_in_bfloat16()
    with pytest.raises(KeyError), products_in("bfloat16"):
        assert multiplies_in_bfloat16()
        raise KeyError
    assert not multiplies_in_bfloat16()


@pytest.mark.skipif(
    chosen_precision("auto", torch.device("cpu")) == "float32", reason="no products of bfloat16"
)
@pytest.mark.parametrize("packs", [True, False])
def test_products_of_frozen_layers_alone_are_so(
    packs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Near to those of float32, forward and back; all other products are what they were."""
    monkeypatch.setattr(frozen_products, "_LARGEST_SHARE", 0.25 if packs else 0)
    torch.manual_seed(0)
    layer = nn.Linear(512, 256).requires_grad_(False)
    speed_up_products(layer)
    rows, weight = torch.randn(256, 512, requires_grad=True), torch.randn(256, 512)

    def products() -> list[Tensor]:
        rows.grad = None
        out = layer(rows)
        out.square().sum().backward()
        assert rows.grad is not None
        return [out.detach(), rows.grad, rows.detach() @ weight.t()]

    exact = products()
    with products_in("bfloat16"):
        rounded = products()
    for ours, reference in zip(rounded[:2], exact[:2], strict=True):
        apart = float((ours - reference).abs().max() / reference.abs().max())
        assert 0 < apart < 2e-2
    assert torch.equal(rounded[2], exact[2])


def test_the_result_says_so_and_runs_are_apart(
    run: Terminal, player: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.write(spec=SPEC)
    where = ("--network", str(player), "--device", "cpu", "--steps", "5", "--out", "out")
    on(LACKS, monkeypatch)
    status, _, complaint = run("verify", "spec.causal", *where, "--precision", "bfloat16")
    assert (status, Path("out").exists()) == (5, False)
    assert "error: this processor has no products of bfloat16 that are added up in float32" in (
        complaint
    )
    on(HAS, monkeypatch)
    used: set[bool] = set()
    identities: list[str] = []
    from causalspec.runtime.scoring import verify as module

    swept, named = module.verify_claim, module.identity

    def watched(*given: Any) -> Any:
        used.add(multiplies_in_bfloat16())
        return swept(*given)

    def noted(*given: Any) -> str:
        identities.append(named(*given))
        return identities[-1]

    monkeypatch.setattr(module, "verify_claim", watched)
    monkeypatch.setattr(module, "identity", noted)
    for precision in ("auto", "float32"):
        used.clear()
        status, _, complaint = run("verify", "spec.causal", *where, "--precision", precision)
        assert status in (0, 1, 4), complaint
        manifest = json.loads(Path("out/result.json").read_text(encoding="utf-8"))["manifest"]
        in_bfloat16 = precision == "auto"
        assert manifest["precision"] == ("bfloat16" if in_bfloat16 else "float32")
        assert used == {in_bfloat16}
    assert len(set(identities)) == 2  # no stage of the one is taken for the other's


def test_a_readout_is_made_in_it(
    run: Terminal, player: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.write(spec=SPEC)
    on(HAS, monkeypatch)
    from causalspec.runtime.readouts import readout as module

    used: set[bool] = set()
    swept = module.sweep

    def watched(*given: Any) -> Any:
        used.add(multiplies_in_bfloat16())
        return swept(*given)

    monkeypatch.setattr(module, "sweep", watched)
    where = ("--network", str(player), "--device", "cpu", "--steps", "5", "--out", "out")
    command = ("readout", "spec.causal", "TheColorFollows", *where, "--precision", "auto")
    status, _, complaint = run(*command)
    assert status == 0, complaint
    assert used == {True}
    assert not multiplies_in_bfloat16()
