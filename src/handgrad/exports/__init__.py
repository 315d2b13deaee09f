"""Exports: a trained network in the formats of others, one file a format."""

FORMATS = ("csv", "onnx", "c", "html")
