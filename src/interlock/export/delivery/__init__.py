"""Findings and figures to people's systems: the only part of the sensor, capture apart, that knows sockets."""
