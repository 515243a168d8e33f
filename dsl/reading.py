"""Files of specs, read within the limits."""

from __future__ import annotations

from pathlib import Path

from causalspec.dsl.diagnostics import Diagnostics, ToolFailure
from causalspec.dsl.limits import LARGEST_FILE
from causalspec.dsl.source import Source, Span


def read_source(path: Path, name: str, diagnostics: Diagnostics) -> Source | None:
    """The text of a file, under the name that messages show; None where it is not a spec at all.

    Raises `ToolFailure` where there is no such file or it cannot be read.
    """
    try:
        if not path.is_file():
            raise ToolFailure(f"there is no file `{name}`")
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as failure:
        raise ToolFailure(f"the file `{name}` cannot be read: {failure}") from failure
    return decode_source(data, name, diagnostics)


def decode_source(data: bytes, name: str, diagnostics: Diagnostics) -> Source | None:
    """The text of bytes that a file held; None, with a diagnostic, where they are no spec."""
    if len(data) > LARGEST_FILE:
        start = Span(Source(name, ""), 0, 0)
        diagnostics.error("CS901", f"the file has more than {LARGEST_FILE} bytes", start)
        return None
    try:
        return Source(name, data.decode("utf-8"))
    except UnicodeDecodeError as wrong:
        before = data[: wrong.start].decode("utf-8")
        source = Source(name, f"{before}\ufffd")
        diagnostics.error(
            "CS117",
            f"the file is not UTF-8: byte 0x{data[wrong.start]:02X} starts no character",
            Span(source, len(before), len(before) + 1),
            help="save the file in the encoding UTF-8",
        )
        return None
