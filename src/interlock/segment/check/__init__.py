"""Observed traffic against the policy: what is seen is counted by what it is, and each kind is judged once."""
