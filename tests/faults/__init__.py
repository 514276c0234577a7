"""Faults on a real broker: every test ends with the same checks of what came out."""
