"""The store: a folder with the frozen plan and one SQLite database, from which a run never gets lost."""
