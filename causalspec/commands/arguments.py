"""Arguments that several commands take: what is none is refused in words."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError
from fractions import Fraction
from pathlib import Path

STANDARD_OUTPUT = Path("-")


class WrongUsageError(Exception):
    """What is wrong with the arguments of a command, as a sentence."""


def add_spec_argument(parser: ArgumentParser) -> None:
    """The spec's path, as `options.spec`."""
    parser.add_argument("spec", type=Path, metavar="SPEC", help="a .causal file")
    add_settings_argument(parser)


def add_settings_argument(parser: ArgumentParser) -> None:
    """`--set NAME=VALUE`, as `options.settings`: pairs for `load_checked` and `load_compiled`."""
    parser.add_argument(
        "--set", dest="settings", type=parameter_setting, action="append", default=[],
        metavar="NAME=VALUE",
        help="a parameter's value in the place of the declared one: digits=4, or Addition.digits=4 "
        "for one of several tasks; can be given again",
    )  # fmt: skip


def parameter_setting(text: str) -> tuple[str, Fraction]:
    """A parameter with its value. Raises `ArgumentTypeError`, in words."""
    name, value = assignment(text, "digits=4")
    if re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,12})?", value) is None:
        raise ArgumentTypeError(f"`{value}` is not a number: a parameter's value is like 4 or 0.5")
    return name, Fraction(value)


def add_claims_argument(parser: ArgumentParser) -> None:
    """`--claim NAME`, as `options.claim`: the names of those that are meant, none for all."""
    parser.add_argument(
        "--claim", action="append", default=[], metavar="NAME", help="only this claim (repeatable)"
    )


def add_file_argument(parser: ArgumentParser) -> None:
    """`--out FILE`, as `options.out`, for `write_output`."""
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="instead of standard output (`-`): written whole "
        "or not at all; a pipe or a device is written into",
    )  # fmt: skip


def add_format_argument(parser: ArgumentParser) -> None:
    """`--format text|json`, as `options.format`."""
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="for people, or for machines"
    )


def folder(text: str) -> Path:
    """The argument of an `--out` that is a folder."""
    if text == str(STANDARD_OUTPUT):
        raise ArgumentTypeError("`-` is not a folder; `--format json` prints the results")
    return Path(text)


def count(text: str) -> int:
    """A whole number from 0 to 2^31 - 1."""
    if not text.isascii() or not text.isdigit():
        raise ArgumentTypeError(f"`{text}` is not a whole number from 0 on")
    if len(text) > 10 or int(text) >= 2**31:
        raise ArgumentTypeError(f"`{text}` is more than 2^31 - 1")
    return int(text)


def positive(text: str) -> int:
    """A whole number from 1 to 2^31 - 1."""
    number = count(text)
    if number == 0:
        raise ArgumentTypeError("0 is too few")
    return number


def rate(text: str) -> float:
    """A learning rate."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 10:
        raise ArgumentTypeError(f"`{text}` is not a learning rate")
    return number


_UNITS = {"": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
          "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}  # fmt: skip


def size(text: str) -> int:
    """A number of bytes, such as 12GiB or 500MB."""
    found = re.fullmatch(r"([0-9]{1,15})(?:\.([0-9]{1,3}))? ?([KMGT]i?B)?", text)
    if found is None:
        raise ArgumentTypeError(f"`{text}` is not a size: write it like 12GiB or 500MB")
    whole, part, unit = found.groups(default="")
    return int(Fraction(f"{whole}.{part or 0}") * _UNITS[unit])


def assignment(text: str, example: str) -> tuple[str, str]:
    """`NAME=VALUE`, both without the blanks around them."""
    name, _, value = text.partition("=")
    if not (name and value):
        raise ArgumentTypeError(f"`{text}` is not like {example}")
    return name.strip(), value.strip()


def add_cluster_argument(parser: ArgumentParser) -> None:
    """Which processes and machines share the work."""
    parser.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="share the work with the processes of a Ray cluster, HOST:PORT; `auto` joins the one "
        "that runs on this machine, or starts one for as long as it takes",
    )
