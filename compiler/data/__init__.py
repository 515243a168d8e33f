"""Counterfactual pairs, their labels, and how they reach a network: prompts and vectors."""
