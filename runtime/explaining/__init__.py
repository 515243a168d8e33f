"""Why a claim fails: which inputs its hypothesis explains, and by what rule the others differ."""
