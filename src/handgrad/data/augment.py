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

    Each image is scaled, sheared, rotated about its centre, shifted and bent by an elastic displacement, all in
    one bilinear interpolation. Pixels from outside are 0, the background of digits. All draws are uniform. A
    strength of 0 turns a change off; with all off, images are not changed at all. HandgradError is raised if a value
    is out of its range.

    Parameters
    ----------
    shift : float
        Largest shift in pixels, vertical and horizontal independently; 0 to 100.
    rotate : float
        Largest angle in degrees, in both directions; 0 to 180.
    scale : float
        Height and width are multiplied independently by factors from 1 − scale to 1 + scale; 0 to 0.9.
    shear : float
        Largest angle in degrees by which vertical lines lean, left or right; 0 to 60.
    elastic : float
        α of Simard et al.: displacements are noise, uniform from −1 to 1 in every pixel, smoothed with a Gaussian of
        sum 1 and standard deviation σ, times α. Their standard deviation is α / (2 σ √(3 π)) pixels, e.g. 1.4 for
        α = 34 and σ = 4, the best values for MNIST in that paper (images of 29 × 29). The noise extends beyond the
        edges, so that displacements are as large there as in the middle; 0 to 1000.
    sigma : float
        σ in pixels; 1 to 100. Displacements d pixels apart correlate by exp(−d² / 4 σ²).
    unaugmented_fraction : float
        Fraction of the training, at its end, in which images are not changed (He et al. 2019); 0 to 1.

    References
    ----------
    Simard, Steinkraus and Platt, "Best practices for convolutional neural networks applied to visual document
    analysis", ICDAR 2003, section 2 (elastic distortions). Cireşan, Meier, Gambardella and Schmidhuber, "Deep,
    big, simple neural nets for handwritten digit recognition", Neural Computation 22, 2010 (all together). He, Xie,
    Zhang, Chen, Zhang and Zhang, "Data augmentation revisited: rethinking the distribution gap between clean and
    augmented data", 2019.
    """

    shift: float = field(default=0.0, metadata=within(0, 100, "[]"))
    rotate: float = field(default=0.0, metadata=within(0, 180, "[]"))
    scale: float = field(default=0.0, metadata=within(0, 0.9, "[]"))
    shear: float = field(default=0.0, metadata=within(0, 60, "[]"))
    elastic: float = field(default=0.0, metadata=within(0, 1000, "[]"))
    sigma: float = field(default=4.0, metadata=within(1, 100, "[]"))
    unaugmented_fraction: float = field(default=0.0, metadata=within(0, 1, "[]"))

    def is_off(self, step: int, total: int) -> bool:
        """Whether images are not changed in a step, counted from 0, of a training of `total` steps."""
        return step >= (1 - self.unaugmented_fraction) * total

    def __call__(self, images: NDArray[np.uint8] | Floats, rng: np.random.Generator) -> Floats:
        """Change images (N, H, W) or (N, C, H, W), of any range with background 0; their channels change alike.

        They become float64 where `images` are, else float32. The state of `rng` decides, not the type of `images`.
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
        """Draw how far below and to the right of each pixel N images are sampled, in pixels: (N, 2, H, W)."""
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
