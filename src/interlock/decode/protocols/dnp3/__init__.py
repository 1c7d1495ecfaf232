"""DNP3 (IEEE 1815): telecontrol of outstations."""
