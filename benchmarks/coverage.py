"""Print how often nominal 95 % intervals cover; what is drawn, `tests/helpers/interval_coverage.py`
says.

    python benchmarks/coverage.py [REPLICATES]
"""

from __future__ import annotations

import sys

from loading import shared_with_tests

simulated = shared_with_tests("interval_coverage")


def main() -> None:
    """Print the grid."""
    replicates = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    print(
        "| pairs | bases | sources | truth | base's part | source's part | clustered | distinct |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for setting in simulated.settings():
        with_clusters, without = simulated.coverage(setting, replicates)
        print(
            f"| {setting.pairs} | {setting.bases} | {setting.sources} | {setting.truth} | "
            f"{setting.of_base} | {setting.of_source} | {with_clusters:.3f} | {without:.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
