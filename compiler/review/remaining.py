"""Parts of a declaration that no comparison looks at itself: said to have changed, never lost."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import fields
from typing import Any

from causalspec.compiler.review.changes import Area, Change


def other_fields(
    area: Area, where: str, old: Any, new: Any, looked_at: Collection[str]
) -> Iterator[Change]:
    """Fields of two dataclasses of one kind that differ; spans and the like take no part."""
    for field in fields(old):
        if not field.compare or field.name in looked_at:
            continue
        if getattr(old, field.name) != getattr(new, field.name):
            yield Change(area, where, f"its {field.name.replace('_', ' ')} changed")
