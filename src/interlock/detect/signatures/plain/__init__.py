"""What a signature means, the slow and obvious way: the oracle of the engine, and what confirms its hits."""
