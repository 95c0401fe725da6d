"""Each lint on queries of our own: what it finds, to the letter, and what it leaves alone."""
