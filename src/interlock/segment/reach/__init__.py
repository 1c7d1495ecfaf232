"""What a taken machine could touch through the conduits, and where to cut that cheapest."""
