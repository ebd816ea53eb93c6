"""Public programs beside grants and tax relief: missions, centers, incubators, partnerships, platforms, open results."""
