"""Mutants of captures through the decoder, and coverage-guided fuzzing of each protocol."""
