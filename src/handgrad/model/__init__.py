"""The model: layers, losses, initializers and the network that they make."""
