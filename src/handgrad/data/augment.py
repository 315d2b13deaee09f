"""Augment images: shift, rotate, scale, shear and bend them at random, as handwriting varies."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from handgrad.config import Configurable, within
from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.images import affine_displacements, gaussian_weights
from handgrad.kernels.memory import aligned
from handgrad.kernels.types import Floats

BLOCK = 250  # images at a time, so that their displacements stay in the cache


@dataclass(frozen=True)
class Augmentation(Configurable):
    """Random changes of images that keep their class.

    A strength of 0 turns a change off.

    Parameters
    ----------
    shift : float
        Largest shift in pixels, vertical and horizontal independently, from 0 to 100.
    rotate : float
        Largest angle in degrees, in both directions, from 0 to 180.
    scale : float
        Largest change of size, from 0 to 0.9: height and width are multiplied independently by factors from
        1 − scale to 1 + scale.
    shear : float
        Largest angle in degrees by which vertical lines lean, left or right, from 0 to 60.
    elastic : float
        Strength α of elastic displacements, from 0 to 1000.
    sigma : float
        Standard deviation σ in pixels of the Gaussian that smooths elastic displacements, from 1 to 100.
    unaugmented_fraction : float
        Fraction of the training, at its end, in which images are not changed, from 0 to 1.

    Raises
    ------
    HandgradError
        If a value is out of its range.

    Notes
    -----
    Each image is scaled, sheared, rotated about its centre, shifted and bent, all in one bilinear interpolation.
    Pixels from outside are 0, the background of digits. All draws are uniform.

    Elastic displacements are noise, uniform from −1 to 1 in every pixel, smoothed with a Gaussian of sum 1, times α.
    Their standard deviation is α / (2 σ √(3 π)) pixels, e.g. 1.4 for α = 34 and σ = 4, the best values for MNIST of
    Simard et al. Displacements d pixels apart correlate by exp(−d² / 4 σ²). The noise extends beyond the edges, so
    that displacements are as large there as in the middle.

    References
    ----------
    - Simard, Steinkraus and Platt, "Best practices for convolutional neural networks applied to visual document
      analysis", ICDAR 2003, section 2 (elastic distortions).
    - Cireşan, Meier, Gambardella and Schmidhuber, "Deep, big, simple neural nets for handwritten digit recognition",
      Neural Computation 22, 2010 (all changes together).
    - He, Xie, Zhang, Chen, Zhang and Zhang, "Data augmentation revisited: rethinking the distribution gap between
      clean and augmented data", 2019 (the end of the training without changes).

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> image = np.zeros((1, 3, 3))
    >>> image[0, 1, 1] = 1
    >>> hg.Augmentation(shift=1)(image, np.random.default_rng(0)).round(2)
    array([[[0.  , 0.  , 0.  ],
            [0.  , 0.07, 0.31],
            [0.  , 0.11, 0.52]]])
    """

    shift: float = field(default=0.0, metadata=within(0, 100, "[]"))
    rotate: float = field(default=0.0, metadata=within(0, 180, "[]"))
    scale: float = field(default=0.0, metadata=within(0, 0.9, "[]"))
    shear: float = field(default=0.0, metadata=within(0, 60, "[]"))
    elastic: float = field(default=0.0, metadata=within(0, 1000, "[]"))
    sigma: float = field(default=4.0, metadata=within(1, 100, "[]"))
    unaugmented_fraction: float = field(default=0.0, metadata=within(0, 1, "[]"))

    def is_off(self, step: int, total: int) -> bool:
        """Whether images are not changed in a step.

        Parameters
        ----------
        step : int
            Number of the step, from 0.
        total : int
            Number of steps of the training.

        Returns
        -------
        bool
            True at the end of the training, by `unaugmented_fraction`.
        """
        return step >= (1 - self.unaugmented_fraction) * total

    def __call__(self, images: NDArray[np.uint8] | Floats, rng: np.random.Generator) -> Floats:
        """Change images at random.

        Parameters
        ----------
        images : array of shape (N, H, W) or (N, C, H, W)
            Images of any range, with background 0. The channels of an image change alike.
        rng : numpy.random.Generator
            Source of random numbers.

        Returns
        -------
        array of the same shape
            Changed images: float64 where `images` are, else float32.
        """
        if images.ndim not in (3, 4):
            raise HandgradError(f"images must be (N, H, W) or (N, channels, H, W), not {images.shape}")
        height, width = images.shape[-2:]
        dtype = np.float64 if images.dtype == np.float64 else np.float32
        changed: Floats = np.array(images, dtype, order="C")
        view = changed if images.ndim == 4 else changed[:, None]
        for start in range(0, len(view), BLOCK):
            block = view[start : start + BLOCK]
            block[:] = kernels.warp(block, self.displacements(len(block), height, width, rng))
        return changed

    def displacements(
        self, examples: int, height: int, width: int, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """Draw the displacements of the pixels of images.

        Parameters
        ----------
        examples : int
            Number of images N.
        height : int
            Height of the images in pixels.
        width : int
            Width of the images in pixels.
        rng : numpy.random.Generator
            Source of random numbers.

        Returns
        -------
        array of shape (N, 2, H, W)
            How far below, and to the right of, each pixel an image is sampled, in pixels.
        """
        turn, slant, *others = rng.uniform(-1, 1, (6, examples))
        moved = affine_displacements(
            np.radians(self.rotate * turn),
            np.radians(self.shear * slant),
            1 + self.scale * np.array(others[:2]),
            self.shift * np.array(others[2:]),
            height,
            width,
        )
        if self.elastic:
            down, across = gaussian_weights(height, self.sigma), gaussian_weights(width, self.sigma)
            shape = (examples, 2, down.shape[1], across.shape[1])
            noise = rng.random(shape, np.float32)
            noise *= 2
            noise -= 1
            rows = aligned((examples, 2, height, across.shape[1]), np.float32)
            np.matmul(self.elastic * down, noise, out=rows)
            moved += np.matmul(rows, across.T, out=aligned(moved.shape, moved.dtype))
        return moved
