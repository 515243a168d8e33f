"""Which of the names that a claim's expectations hold are of other data, or of another prompt."""

from __future__ import annotations

from causalspec.compiler import Claim, Specification, Task, full_vocabulary


def elsewhere_named(specification: Specification, claim: Claim, task: Task) -> tuple[str, ...]:
    """Their names, each once. Controls come before prompts of the same name, and so do models."""
    others = {*full_vocabulary().controls, *specification.models}
    known = {*specification.counterfactuals, *task.prompts} - others
    return tuple(dict.fromkeys(metric.of for metric in claim.metrics if metric.of in known))
