"""Labelled attacks on the practice plant, one short file each: technique, what it does physically, its script."""
