"""The physics of the practice plant: tags in, tags out, one step at a time; no clock, no I/O."""
