"""One folder per protocol: decoder.py, verbs.toml, quality.toml."""
