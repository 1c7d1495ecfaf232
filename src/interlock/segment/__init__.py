"""Zones and conduits: who may open what towards whom, proved against recorded traffic before it is applied."""
