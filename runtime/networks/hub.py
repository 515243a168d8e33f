"""Names on the hub: what means a folder is not looked up there, and who waits for it, and how long.

The hub's own library asks again for half a minute where nobody answers.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from causalspec.dsl.diagnostics import ToolFailure, closest

SECONDS = 4.0
"""So long the hub may take to say whether it has a name."""

CHECK_CONNECTION = "check the name and the connection, or give the path of a folder"

_FILES = (".gguf", ".json", ".safetensors")


def check_means_the_hub(where: str) -> None:
    """A name on the hub is `NAME` or `OWNER/NAME`, and no folder `OWNER` lies here.

    Raises `ToolFailure` where a file or a folder must be meant, with the one beside it that was.
    """
    owner, slash, _ = where.partition("/")
    like_a_path = where.startswith((".", "/", "~")) or where.count("/") > 1 or "\\" in where
    in_a_folder = bool(slash) and Path(owner).is_dir()
    if not (like_a_path or in_a_folder or Path(where).suffix in _FILES):
        return
    help_text = meant(where)
    if help_text is None and in_a_folder and not like_a_path:
        help_text = f"`{owner}` is a folder here, so the hub is not asked"
    raise ToolFailure(f"there is no file or folder `{where}`", help_text)


def meant(where: str) -> str | None:
    """What to say where a path is nearly that of something that is there."""
    path = Path(where).expanduser()
    try:
        found = closest(path.name, sorted(entry.name for entry in path.parent.iterdir()))
    except OSError:
        return None
    if found is None:
        return None
    return f"did you mean `{where.rstrip('/').removesuffix(path.name)}{found}`?"


def hub_answers(name: str) -> bool:
    """Whether the hub says anything about a name within `SECONDS`; if not, what was loaded from it
    before can still be had.
    """
    found: list[bool] = []
    # A thread, since looking up a host's name knows no time limit.
    asking = threading.Thread(target=lambda: found.append(_ask(name)), daemon=True)
    asking.start()
    asking.join(SECONDS + 1)
    return found == [True]


def _ask(name: str) -> bool:
    from huggingface_hub import constants, hf_hub_url
    from huggingface_hub.utils import get_session

    if constants.is_offline_mode():
        return False
    session: Any = get_session()
    try:
        answer = session.head(hf_hub_url(name, "config.json"), timeout=SECONDS)
    except Exception:  # whatever the library that connects raises: nobody answered
        return False
    return answer.status_code < 500
