"""What the octets of a secret say while they are at hand: published default, weak, empty. Nothing of them is kept."""
