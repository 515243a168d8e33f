"""Where a decoder is: a folder, a GGUF file, or a name on the hub."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.networks.hub import (
    CHECK_CONNECTION,
    check_means_the_hub,
    hub_answers,
    meant,
)


class NetworkError(ToolFailure):
    """A network cannot be loaded, or is of a kind that cannot be aligned."""


@dataclass(frozen=True, slots=True)
class NetworkPlace:
    """What transformers is asked for: a folder or hub name, and which GGUF file inside.

    `on_hub` and `answered` say whether it is a name on the hub, and whether the hub answers: if
    not, only what was loaded from it before can be had.
    """

    name: str
    root: str
    gguf_file: str | None = None
    on_hub: bool = False
    answered: bool = True

    @property
    def options(self) -> dict[str, Any]:
        """What every part is asked for with."""
        options: dict[str, Any] = {} if self.gguf_file is None else {"gguf_file": self.gguf_file}
        return options if self.answered else options | {"local_files_only": True}

    def attempt(self, part: str, load: Any) -> Any:
        """What transformers loads, its many ways to fail told in one sentence."""
        try:
            return load()
        except Exception as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            if not self.on_hub:
                raise NetworkError(
                    f"the {part} of `{self.name}` cannot be loaded: {reason}"
                ) from error
            help_text = meant(self.name) or "check the name, or give the path of a folder"
            if not self.answered:
                reason = "it does not answer, and nothing was loaded from it before"
                help_text = meant(self.name) or CHECK_CONNECTION
            raise NetworkError(
                f"the {part} of `{self.name}` cannot be had from the hub: {reason}", help_text
            ) from error


def find_network(location: str | Path) -> NetworkPlace:
    """Where the network `location` is.

    A folder without a `config.json` that holds exactly one `.gguf` counts as that file.

    Raises:
        NetworkError: nothing is there, it holds no network, or more than one.
    """
    path = Path(location).expanduser()
    name = str(location)
    if path.is_file():
        if path.suffix != ".gguf":
            raise NetworkError(
                f"`{name}` is not a network",
                help="name a folder with `config.json`, a `.gguf` file, or a network on the hub",
            )
        return NetworkPlace(name, str(path.parent), path.name)
    if path.is_dir():
        return _find_in_folder(name, path)
    if isinstance(location, Path):
        raise NetworkError(f"there is no file or folder `{name}`", meant(name))
    try:
        check_means_the_hub(name)
    except ToolFailure as failure:
        raise NetworkError(str(failure), failure.help) from None
    return NetworkPlace(name, name, on_hub=True, answered=hub_answers(name))


def _find_in_folder(name: str, folder: Path) -> NetworkPlace:
    gguf_files = sorted(path.name for path in folder.glob("*.gguf"))
    if (folder / "adapter_config.json").is_file():
        raise NetworkError(
            f"the folder `{name}` holds an adapter beside or instead of a network's weights",
            help="merge it into the network first (`merge_and_unload` of the library `peft`)",
        )
    if (folder / "config.json").is_file():
        if not any(folder.glob("*.safetensors")):
            raise NetworkError(
                f"the folder `{name}` holds no weights",
                help="weights are read from `.safetensors` or `.gguf`; pickles are never opened",
            )
        return NetworkPlace(name, str(folder))
    if len(gguf_files) == 1:
        return NetworkPlace(name, str(folder), gguf_files[0])
    if gguf_files:
        listed = ", ".join(f"`{file}`" for file in gguf_files)
        raise NetworkError(
            f"the folder `{name}` holds several networks", help=f"name one: {listed}"
        )
    raise NetworkError(f"the folder `{name}` holds neither a `config.json` nor a `.gguf` file")
