"""A first policy from what is seen: zones, the conduits that its traffic needs, questions about what was not seen."""
