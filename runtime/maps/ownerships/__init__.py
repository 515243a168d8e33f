"""Which share of each feature belongs to which variable: one file a kind."""
