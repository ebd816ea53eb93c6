"""Machinery without a domain: columns, luck, schedule, levers, parameters, accounts, registries, checks."""
