"""Networks made for specs: trained on a task's own prompts and right answers, nothing else."""
