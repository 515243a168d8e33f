"""Networks: where they are, how they are loaded and how each is built, untrained twins."""
