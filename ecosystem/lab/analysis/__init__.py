"""What the runs of an experiment say: paired effects, interactions, sensitivity, precision, robustness."""
