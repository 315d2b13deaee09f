"""Synthetic handwritten digits: skeletons of the digits, curves through them, and their random variation."""

from handgrad.data.strokes.generator import generate as generate
