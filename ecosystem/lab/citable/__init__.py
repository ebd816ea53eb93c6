"""Results one can cite: what was run, with what, by which methods, and whether it comes out the same again."""
