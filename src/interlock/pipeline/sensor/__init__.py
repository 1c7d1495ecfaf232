"""What the sensor's processes are made of."""
