"""From the syntax tree to plain values: names, types, families expanded, expressions lowered."""
