"""Calibration: the first reported years of a default run beside the real figures."""
