"""How often a claim's test pairs have been looked at: a ledger in the user's state folder.

One file a data set and network. It names the runs that scored each claim on these pairs by what
tells them apart, so that a run which is resumed, or repeated as it was, is no new look: it comes to
the same result.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from causalspec.compiler import held, make_folder, write_content

FORMAT = 1

_PATIENCE = 5.0
"""So many seconds another process is waited for."""


@dataclass(frozen=True, slots=True)
class Looks:
    """In how many runs, this one included, the test pairs were scored: for the claim as it stands,
    and for it and all others on the same pairs and network, earlier forms of it included.
    """

    since_change: int
    in_all: int


class LedgerError(Exception):
    """The ledger can't be read or written; the message is a sentence."""


def state_folder() -> Path:
    """`$CAUSALSPEC_STATE`, else `$XDG_STATE_HOME/causalspec`, else `~/.local/state/causalspec`."""
    own = os.environ.get("CAUSALSPEC_STATE")
    if own:
        return Path(own)
    return Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "causalspec"


def look(data: str, claim: str, run: str) -> Looks:
    """Note a run's look at a claim's test pairs and say how many there have been. Each argument is
    a hash: of the pairs and the network, of what the claim says, of what tells the run apart.

    Raises:
        LedgerError: the ledger can't be read or written, or another process keeps it.
    """
    path = state_folder() / "looks" / f"{data}.json"
    try:
        make_folder(path.parent)
        with _alone_with(path):
            claims = _read(path)
            runs = claims.setdefault(claim, [])
            if run not in runs:
                runs.append(run)
                content = {"format": FORMAT, "claims": claims}
                write_content(path, (json.dumps(content, indent=1) + "\n").encode())
    except OSError as error:
        reason = error.strerror or str(error)
        raise LedgerError(f"can't write `{path}`: {reason}") from error
    except RuntimeError as error:  # there is no home
        raise LedgerError(str(error)) from error

    return Looks(len(runs), sum(map(len, claims.values())))


@contextmanager
def _alone_with(path: Path) -> Generator[None]:
    deadline = time.monotonic() + _PATIENCE
    lock = held(path.with_suffix(".lock"))
    while lock is None:
        if time.monotonic() > deadline:
            raise LedgerError(f"another process keeps `{path}`")
        time.sleep(0.05)
        lock = held(path.with_suffix(".lock"))
    try:
        yield
    finally:
        lock.release()


def _read(path: Path) -> dict[str, list[str]]:
    """The runs of each claim; none where there is no file yet."""
    if not path.exists():
        return {}
    try:
        content: Any = json.loads(path.read_bytes())
        claims = cast(Mapping[str, list[str]], content["claims"])
        if content["format"] != FORMAT:
            raise LedgerError(f"`{path}` has another format than {FORMAT}")
        return {str(name): [str(run) for run in runs] for name, runs in claims.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LedgerError(f"`{path}` is no ledger of looks") from error
