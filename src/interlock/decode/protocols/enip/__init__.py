"""EtherNet/IP: CIP over its encapsulation, implicit messages, and PCCC within CIP."""
