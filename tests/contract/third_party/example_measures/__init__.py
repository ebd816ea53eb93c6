"""A package of somebody else that offers a measure: a folder of TOML files and one entry point."""
