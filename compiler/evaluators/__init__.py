"""What a model gives for an input: one setting in plain Python, or columns of them at once."""
