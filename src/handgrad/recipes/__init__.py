"""Recipes: what to train, one TOML file each."""
