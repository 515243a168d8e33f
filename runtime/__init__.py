"""Networks: activations, sites, alignment maps, training, verdicts, reports."""
