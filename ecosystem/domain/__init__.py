"""What exists and its arithmetic: knowledge, rights, the market, valuation, ledgers, indicators."""
