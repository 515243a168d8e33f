"""`--cluster auto` where no cluster runs yet: one is started for the run, and gone after it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.causalspec.cluster.test_shared_data import SPEC, bytes_of
from tests.helpers.local_cluster import ONE_CLUSTER_AT_A_TIME
from tests.helpers.terminal import Terminal


@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")
def test_a_cluster_that_is_started_says_nothing_and_leaves_nothing(run: Terminal) -> None:
    """In a process of its own, whose whole standard error is seen."""
    run.write(spec=SPEC)
    asked = ("data", "spec.causal", "Swap", "--split", "train")
    assert run(*asked, "--out", "alone")[0] == 0
    with ONE_CLUSTER_AT_A_TIME:  # else it would join that of other tests
        done = subprocess.run(
            [sys.executable, "-m", "causalspec.command_line", *asked, "--out", "shared",
             "--cluster", "auto"],
            env=os.environ | {"HOME": str(Path.cwd()), "RAY_ADDRESS": ""},
            capture_output=True,
            text=True,
            check=True,
        )  # fmt: skip
    assert done.stderr == ""
    assert bytes_of(Path("shared")) == bytes_of(Path("alone"))
    assert not list(Path(tempfile.gettempdir()).glob("causalspec-*/session_*"))
