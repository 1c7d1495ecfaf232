"""Records to neighbours: one file per format."""
