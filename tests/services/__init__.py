"""Use cases over real books and fake surroundings: what each promises when things go well, and when not."""
