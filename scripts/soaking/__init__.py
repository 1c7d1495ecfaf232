"""Proving that the sensor loses nothing: a wire of its own, traffic on it, faults, and the books that are kept."""
