"""How compiled kernels add up."""

ANY_ORDER = {"reassoc", "contract", "nsz"}
"""Numba's `fastmath` for sums that may be added up in any order, so that they fill vectors.

The order is the same every time. What is not finite stays so.
"""
