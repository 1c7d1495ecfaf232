"""Servers of other people's libraries, holding what the plant's controllers hold; each in a process of its own."""
