"""Exports: a trained network in other formats, one module per format."""

SUFFIXES = {".onnx": "onnx", ".h": "c", ".html": "html", ".htm": "html", "": "csv"}
"""Formats by the suffix of the file; CSV files are a folder."""

FORMATS = tuple(dict.fromkeys(SUFFIXES.values()))
