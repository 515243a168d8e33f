"""Diagnostics in the forms that terminals, screen readers, editors and CI services read."""
