"""The practice plant of the demo captures: its network, its machines and the people who use them."""
