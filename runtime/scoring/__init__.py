"""From fitted maps to verdicts: agreement, controls, intervals, expectations."""
