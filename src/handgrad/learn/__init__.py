"""Exercises: write the gradients of a network, and read what is wrong with them."""
