"""Calibration: the start table (simulated against real figures), the moments of the fit, the fit, and what it pins down."""
