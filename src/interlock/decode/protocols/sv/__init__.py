"""Sampled values: currents and voltages of a substation to a group."""
