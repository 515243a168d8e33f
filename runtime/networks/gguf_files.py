"""GGUF files, whose headers transformers reads through the package `gguf`."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import gguf

_gguf: Any = gguf
_READ_ANEW = ("GGUFReader", "get_tensor_name_map")
"""What transformers calls with the same arguments again and again while it loads one network."""


@contextmanager
def header_read_once() -> Generator[None]:
    """While it lasts, a file's header is read once, and the names of an architecture's tensors.

    transformers reads the header, the whole vocabulary in it, for the configuration, the tokenizer,
    the model and its weights, and lists the names once for every module: most of what loading
    takes.
    """
    plain = {name: getattr(_gguf, name) for name in _READ_ANEW}
    for name, read in plain.items():
        setattr(_gguf, name, lru_cache(maxsize=1)(read))
    try:
        yield
    finally:
        for name, read in plain.items():
            setattr(_gguf, name, read)
