"""A spec's meaning: names, types, models, evidence, data. Start at `compile`."""
