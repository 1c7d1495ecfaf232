"""Incidents: findings of one path made one story. Pure; between the detectors and whoever tells people (ADR 12)."""
