"""A tokenizer, from wherever a network can be; the network itself is not loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..compiler.data.forms.libraries import library
from ..dsl.diagnostics import ToolFailure
from .packaged import PACKAGE_PREFIX, packaged_network


def load_tokenizer(where: str) -> Any:
    """The tokenizer of a transformers folder, a `tokenizer.json` (read with the library
    `tokenizers` alone), a GGUF file, `package:NAME` or a hub name.

    Returns a `tokenizers.Tokenizer` that neither pads nor truncates. Raises `ToolFailure` where
    there is none, or none of this library.
    """
    path = Path(where).expanduser()
    if where.startswith(PACKAGE_PREFIX):
        path = packaged_network(where.removeprefix(PACKAGE_PREFIX))
    is_local = path.suffix in (".gguf", ".json") or where.startswith((".", "/", "~"))
    if is_local and not path.exists():
        raise ToolFailure(f"there is no file or folder `{where}`")
    of_transformers = path.suffix != ".json"
    module = library("transformers" if of_transformers else "tokenizers", "a tokenizer", "run")
    try:
        if not of_transformers:
            backend: Any = module.Tokenizer.from_file(str(path))
        elif path.suffix == ".gguf":
            backend = _backend(module.AutoTokenizer, str(path.parent), gguf_file=path.name)
        else:
            backend = _backend(module.AutoTokenizer, str(path) if path.is_dir() else where)
    except Exception as error:  # a library's own, of many kinds
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ToolFailure(f"there is no tokenizer at `{where}`: {reason}") from error
    backend.no_padding()
    backend.no_truncation()
    return backend


def _backend(kind: Any, place: str, **options: str) -> Any:
    loaded = kind.from_pretrained(place, **options)
    if not loaded.is_fast:
        raise ValueError("it is not a fast one, with a `tokenizer.json`")
    return loaded.backend_tokenizer
