"""Tests of the capture room, with writers of their own for every format variant."""
