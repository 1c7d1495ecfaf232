"""The run loop: batches through the rooms."""
