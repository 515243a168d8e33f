"""Models for people to look at: causal graphs and mathematics."""
