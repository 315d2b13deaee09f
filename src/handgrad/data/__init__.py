"""Data: from files to batches of bytes."""
