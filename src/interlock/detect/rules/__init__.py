"""Rules that people write: Sigma's format, over what machines ask of each other."""
