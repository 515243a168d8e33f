"""Data sets that somebody made: their rows read, every label derived anew and compared."""
