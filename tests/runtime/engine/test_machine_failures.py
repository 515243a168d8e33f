"""Memory that runs out and devices that fail in a run: one sentence, and what is finished stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from causalspec.command_line import main
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.exit_codes import ExitCode
from causalspec.runtime.engine.memory import device_failed, memory_failures, ran_out_of_memory
from causalspec.runtime.engine.text_subject import TextSubject
from causalspec.runtime.networks.places import NetworkError
from causalspec.runtime.networks.self_check import told
from tests.helpers.tiny_player import SPEC

ASSERTED = (
    "CUDA error: device-side assert triggered\nCUDA kernel errors might be asynchronously reported"
)
OUT_OF_MEMORY = (
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to"),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes"),
    RuntimeError("MPS backend out of memory (MPS allocated: 9.00 GB)"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    torch.AcceleratorError("CUDA error: out of memory"),
)
FAILED = (
    torch.AcceleratorError(ASSERTED),
    RuntimeError(ASSERTED),
    RuntimeError("CUDA error: an illegal memory access was encountered"),
    RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
    RuntimeError("MPS backend: command buffer exited with error status"),
)
OTHER = (
    RuntimeError("mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)"),
    RuntimeError("expected all tensors to be on the same device, cuda:0 and cpu"),
    ValueError("out of memory"),
)


def named(error: Exception) -> str:
    return f"{type(error).__name__} {str(error)[:30]}"


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=named)
def test_memory_that_runs_out(error: Exception) -> None:
    assert ran_out_of_memory(error) and not device_failed(error)
    with pytest.raises(ToolFailure, match=r"^memory ran out$") as caught, memory_failures():
        raise error
    assert caught.value.help == "take a smaller `--batch`, or a device with more memory"
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", FAILED, ids=named)
def test_a_device_that_fails(error: Exception) -> None:
    assert device_failed(error)
    with pytest.raises(ToolFailure) as caught, memory_failures(keeps=True):
        raise error
    assert str(caught.value) == f"the device failed: {str(error).splitlines()[0]}"
    assert (caught.value.help or "").endswith("the same command goes on from there")
    # The network that was run when it happened is not to blame.
    with pytest.raises(type(error)), told("it does not run", "look at it"):
        raise error


@pytest.mark.parametrize("error", OTHER, ids=named)
def test_what_is_no_fault_of_the_machine(error: Exception) -> None:
    with pytest.raises(type(error)), memory_failures():
        raise error
    with pytest.raises(NetworkError), told("it does not run", "look at it"):
        raise error


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            torch.AcceleratorError(ASSERTED),
            "the device failed: CUDA error: device-side assert trigg",
        ),
        (torch.OutOfMemoryError("CUDA out of memory"), "memory ran out"),
    ],
    ids=["device", "memory"],
)
def test_a_run_goes_on_after_it(
    error: Exception,
    message: str,
    player: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "pick.causal"
    path.write_text(SPEC, encoding="utf-8")
    command = ["verify", str(path), "--network", str(player), "--device", "cpu", "--steps", "6"]
    command += ["--out", str(tmp_path / "out")]
    runs, raised = [0], [False]

    def patched(name: str) -> None:
        run = getattr(TextSubject, name)

        def failing(self: TextSubject, *given: Any, **named: Any) -> Any:
            runs[0] += 1
            if not raised[0] and any(tmp_path.glob(".out.run-*/*.safetensors")):  # after the fits
                raised[0] = True
                raise error
            return run(self, *given, **named)

        monkeypatch.setattr(TextSubject, name, failing)

    patched("run")
    patched("run_together")
    assert main(command) == ExitCode.TOOL_FAILED
    printed, complaint = capsys.readouterr()
    assert printed == ""
    assert f"error: {message}" in complaint
    assert complaint.count("help: ") == 1
    assert "Traceback" not in complaint
    assert not (tmp_path / "out").exists()
    [kept] = tmp_path.glob(".out.run-*")
    assert [path.name for path in kept.iterdir()]
    before = runs[0]
    assert main(command) in (ExitCode.CLAIM_FAILED, ExitCode.FINE, ExitCode.UNKNOWN)
    resumed = runs[0] - before
    capsys.readouterr()
    runs[0] = 0
    assert main([*command[:-1], str(tmp_path / "afresh")]) != ExitCode.TOOL_FAILED
    assert runs[0] > resumed
    results = [
        (tmp_path / name / "maps" / "TheColorFollows.safetensors") for name in ("out", "afresh")
    ]
    assert results[0].read_bytes() == results[1].read_bytes()
