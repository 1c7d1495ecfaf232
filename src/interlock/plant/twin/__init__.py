"""The practice plant as a discrete-event simulation: the same octets for the same seed, faster than time."""
