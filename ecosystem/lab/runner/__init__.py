"""Running: jobs go out to worker processes or a dask cluster, outcomes come back, and no failure costs another run."""
