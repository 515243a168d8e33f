"""Work shared with other processes and machines, on Ray."""
