"""Runs with edits on the way: harvest, suffix and plain passes, what a run alone says."""
