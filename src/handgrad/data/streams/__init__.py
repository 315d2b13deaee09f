"""Data larger than memory: converted once, read in windows of blocks while others are computed with."""
