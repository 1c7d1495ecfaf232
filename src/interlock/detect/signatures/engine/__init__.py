"""All signatures at once: what can touch a row by its ends, what its octets hold, and only then the plain way."""
