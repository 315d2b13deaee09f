"""Recipes: what to train. One TOML file a rung of the ladder."""
