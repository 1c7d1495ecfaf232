"""Exercises for people who are new to the security of plants, one file each: task, hints, check, explanation."""
