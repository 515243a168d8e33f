"""Samples and exact probabilities of a model: observations, interventions, counterfactuals."""
