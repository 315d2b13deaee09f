"""Batch normalisation against its formula."""

import numpy as np

from handgrad.kernels import normalization as plain


def test_every_feature_has_the_mean_and_variance_that_were_learned() -> None:
    x = np.random.default_rng(0).normal(3, 5, size=(2, 1000))
    y, _ = plain.batch_norm(x, np.array([2.0, 3.0]), np.array([0.5, -1.0]), 1e-12)
    np.testing.assert_allclose(y.mean(axis=1), [0.5, -1])
    np.testing.assert_allclose(y.std(axis=1), [2, 3])
