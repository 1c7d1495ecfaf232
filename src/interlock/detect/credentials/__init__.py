"""Logins seen in clear: published defaults, weak secrets, guessing, one secret for many machines."""
