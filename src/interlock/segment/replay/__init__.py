"""A policy against recorded traffic: what it would cut, before it is applied."""
