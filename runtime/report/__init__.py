"""Results as one page that people read."""
