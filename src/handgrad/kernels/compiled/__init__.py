"""Numba twins of the plain kernels, each named as the room of its twin, only where they are measured faster.

They release the GIL, so that threads can share the work, and run alike on any number of them.
"""
