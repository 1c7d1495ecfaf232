"""What tshark says, one file per family of protocols: its fields turned into messages."""
