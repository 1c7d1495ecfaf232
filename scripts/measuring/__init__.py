"""What `scripts/bench.py` measures with: the cost of a command, the commands, the table of figures."""
