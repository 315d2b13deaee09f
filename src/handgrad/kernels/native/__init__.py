"""The kernels in C: for each NumPy module a `.c` file, and a `.py` file that calls it with the same names.

A binding checks what the C function takes for granted: types, shapes, contiguous and writeable memory. It leaves
other cases to NumPy, or copies.
"""
