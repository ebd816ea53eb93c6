"""The laboratory: tables, run folders and graphs of finished worlds."""
