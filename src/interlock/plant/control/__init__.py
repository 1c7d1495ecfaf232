"""What the plant's controllers compute: scans of inputs, a program, outputs; no clock, no I/O."""
