"""A tokenizer, from wherever a network can be; the network itself is not loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from causalspec.compiler import library
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.networks.hub import (
    CHECK_CONNECTION,
    check_means_the_hub,
    hub_answers,
    meant,
)
from causalspec.runtime.networks.packaged import PACKAGE_PREFIX, packaged_network


def load_tokenizer(where: str) -> Any:
    """The tokenizer of a transformers folder, a `tokenizer.json` (read with the library
    `tokenizers` alone), a GGUF file, `package:NAME` or a hub name.

    Returns a `tokenizers.Tokenizer` that neither pads nor truncates. Raises `ToolFailure` where
    there is none, or none of this library.
    """
    backend = _loaded(where)
    backend = getattr(backend, "backend_tokenizer", backend)
    backend.no_padding()
    backend.no_truncation()
    return backend


def load_chats(where: str) -> Any:
    """The tokenizer of transformers that writes chats, from wherever `load_tokenizer` reads one;
    beside a `tokenizer.json` its folder is asked.
    """
    path = Path(where).expanduser()
    return _loaded(str(path.parent) if path.suffix == ".json" else where)


def _loaded(where: str) -> Any:
    path = Path(where).expanduser()
    if where.startswith(PACKAGE_PREFIX):
        path = packaged_network(where.removeprefix(PACKAGE_PREFIX))
    elif not path.exists():
        check_means_the_hub(where)
    of_transformers = path.suffix != ".json"
    module = library("transformers" if of_transformers else "tokenizers", "a tokenizer", "run")
    try:
        if not of_transformers:
            backend: Any = module.Tokenizer.from_file(str(path))
        elif path.suffix == ".gguf":
            backend = _backend(module.AutoTokenizer, str(path.parent), gguf_file=path.name)
        elif path.exists():
            backend = _backend(module.AutoTokenizer, str(path))
        else:
            backend = _backend_on_hub(module.AutoTokenizer, where)
    except ToolFailure:
        raise
    except Exception as error:  # a library's own, of many kinds
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ToolFailure(f"there is no tokenizer at `{where}`: {reason}") from error
    return backend


def _backend_on_hub(kind: Any, name: str) -> Any:
    if hub_answers(name):
        return _backend(kind, name)
    try:
        return _backend(kind, name, local_files_only=True)
    except Exception as error:
        raise ToolFailure(
            f"the tokenizer of `{name}` cannot be had from the hub: "
            "it does not answer, and nothing was loaded from it before",
            meant(name) or CHECK_CONNECTION,
        ) from error


def _backend(kind: Any, place: str, **options: Any) -> Any:
    loaded = kind.from_pretrained(place, **options)
    if not loaded.is_fast:
        raise ValueError("it is not a fast one, with a `tokenizer.json`")
    return loaded
