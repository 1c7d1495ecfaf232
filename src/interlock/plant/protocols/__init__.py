"""What the plant's machines say: one file per protocol, requests and the side that answers them."""
