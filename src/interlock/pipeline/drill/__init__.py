"""Drills: the sensor's own judgement on simulated time, scored by what is known of an attack."""
