"""Names that become files: of data sets, their splits, alignment maps and result folders.

Many disks take names that differ in case only for one, and Windows takes a few for devices: there,
one file would replace another, or what is written would go nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable

from causalspec.compiler.front.names import Compilation, of_kind
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related

DEVICES = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)))
)
"""https://learn.microsoft.com/windows/win32/fileio/naming-a-file"""


def check_file_names(file: syntax.File, compilation: Compilation) -> None:
    """Report names that cannot be files of their own, wherever the spec is used."""
    designs = of_kind(file.declarations, syntax.CounterfactualsDeclaration)
    alignments = of_kind(file.declarations, syntax.AlignDeclaration)
    claims = of_kind(file.declarations, syntax.ClaimDeclaration)
    _check(compilation, (design.name for design in designs))
    _check(compilation, (fitted.name for fitted in (*alignments, *claims)))
    for design in designs:
        splits = of_kind(design.body, syntax.Split)
        _check(compilation, (part.name for split in splits for part in split.parts))


def _check(compilation: Compilation, names: Iterable[syntax.Name]) -> None:
    first: dict[str, syntax.Name] = {}
    for name in names:
        folded = name.text.lower()
        other = first.setdefault(folded, name)
        if other.text != name.text:
            compilation.error(
                "CS214",
                f"`{name.text}` and `{other.text}` differ in case only, and both become files",
                name.span,
                help="choose another name: many disks take the two for one",
                related=(Related(other.span, "the other one"),),
            )
        elif folded in DEVICES:
            compilation.error(
                "CS214",
                f"`{name.text}` becomes a file, and is a device on Windows",
                name.span,
                help="choose another name: what is written there would be lost",
            )
