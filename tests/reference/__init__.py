"""Slow, obvious oracles."""
