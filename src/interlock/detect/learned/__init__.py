"""What this plant does: learned from its traffic, and what differs from it afterwards."""
