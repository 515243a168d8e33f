"""What a network is given and what it answers: prompts to tokens, positions, encodings, answers."""
