"""TriStation: the programming protocol of Triconex safety systems."""
