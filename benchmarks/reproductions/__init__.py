"""Published studies rerun from their spec files: what `reproduce.py` reads, runs and writes."""
