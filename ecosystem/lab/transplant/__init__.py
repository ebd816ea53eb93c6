"""Every measure on every place: what it does there, and what in the place decides it."""
