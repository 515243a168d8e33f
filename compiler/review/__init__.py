"""What a change of a spec changes, for those who review it."""
