"""Questions about all inputs, answered by algebra, enumeration, a solver or a sample."""
