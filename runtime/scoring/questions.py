"""What is asked of an alignment on some data where no claim asks: nothing is expected of it."""

from __future__ import annotations

from causalspec.compiler import Alignment, Claim


def question_about(
    alignment: Alignment, design: str, split: str, prompt: str | None = None
) -> Claim:
    """A claim about a split of the data called `design`, without expectations."""
    return Claim(
        name=f"{alignment.name} on {design}",
        model=alignment.model,
        data=((design, split),),
        alignment=alignment.name,
        prompt=prompt,
        fitted_on=None,
        expectations=(),
        span=alignment.span,
    )
