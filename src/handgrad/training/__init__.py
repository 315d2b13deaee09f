"""Learning: from gradients to a trained network."""
