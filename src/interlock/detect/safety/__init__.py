"""The process itself: tags with limits, interlocks, safety systems."""
