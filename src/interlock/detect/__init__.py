"""Detectors: records in, findings out, one file per detector, no clock and no I/O of their own."""
