"""New examples from old ones: images shifted, turned, scaled, slanted and bent at random, as handwriting varies."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from handgrad.config import Configurable
from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.images import affine_displacements, gaussian_weights
from handgrad.kernels.memory import aligned
from handgrad.kernels.types import Floats

BLOCK = 250  # images that are bent at once, so that their displacements stay in the cache
BOUNDS = {
    "shift": (0, 100),
    "rotate": (0, 180),
    "scale": (0, 0.9),
    "shear": (0, 60),
    "elastic": (0, 1000),
    "sigma": (1, 100),
    "rest": (0, 1),
}


@dataclass(frozen=True)
class Augmentation(Configurable):
    """Random changes of images that leave their class as it is.

    Every image gets an affine map and an elastic displacement of its own, in one interpolation: it is scaled,
    sheared, rotated about its middle, shifted, and sampled bilinearly. What comes in from outside is 0, the
    background of digits. All draws are uniform; a strength of 0 turns its change off, and with all of them off,
    images stay exactly as they are.

    Parameters
    ----------
    shift : float
        Largest shift in pixels, up or down and left or right independently; 0 to 100.
    rotate : float
        Largest angle in degrees, either way; 0 to 180.
    scale : float
        Height and width are multiplied independently by factors from 1 − scale to 1 + scale; 0 to 0.9.
    shear : float
        Largest angle in degrees by which upright lines lean, left or right; 0 to 60.
    elastic : float
        α of Simard et al.: vertical and horizontal displacements are noise, uniform from −1 to 1 in every pixel,
        smoothed with a Gaussian of sum 1 and standard deviation σ, times α. Their standard deviation is thus
        α / (2 σ √(3 π)) pixels: 1.4 for α = 34 and σ = 4, which Simard et al. found best for MNIST (in pictures
        of 29 × 29). The noise goes on beyond the edges, so that displacements are as large there as in the
        middle; 0 to 1000.
    sigma : float
        σ in pixels; 1 to 100. Displacements d pixels apart correlate by exp(−d² / 4 σ²).
    rest : float
        Share of a training, at its end, in which images stay as they are, so that it settles on what it will be
        asked (He et al. 2019); 0 to 1.

    Raises
    ------
    HandgradError
        Where a value is out of its range.

    References
    ----------
    Simard, Steinkraus and Platt, "Best practices for convolutional neural networks applied to visual document
    analysis", ICDAR 2003, section 2 (elastic distortions). Cireşan, Meier, Gambardella and Schmidhuber, "Deep,
    big, simple neural nets for handwritten digit recognition", Neural Computation 22, 2010 (all together:
    rotation or shear up to 15°, scale up to 0.15 or 0.20, α = 36 to 38 with σ = 5 or 6). He, Xie, Zhang, Chen, Zhang
    and Zhang, "Data augmentation revisited: rethinking the distribution gap between clean and augmented data", 2019
    (rest).
    """

    shift: float = 0.0
    rotate: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    sigma: float = 4.0
    rest: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value, (low, high) = getattr(self, field.name), BOUNDS[field.name]
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not (number and low <= value <= high):
                raise HandgradError(
                    f"Augmentation {field.name} must be from {low} to {high}; got {value!r:.60}"
                )

    def rests(self, step: int, total: int) -> bool:
        """Tell whether a step, from 0, of so many leaves images as they are."""
        return step >= (1 - self.rest) * total

    def __call__(self, images: NDArray[np.uint8] | Floats, rng: np.random.Generator) -> Floats:
        """Change every image at random.

        Parameters
        ----------
        images : ndarray of uint8, float32 or float64, shape (N, H, W) or (N, C, H, W)
            Values of any range whose background is 0. The channels of an image are changed alike.
        rng : numpy.random.Generator
            Source of all variation: the same one gives the same images, whatever their type.

        Returns
        -------
        ndarray of float32, or of float64 where `images` are, of the same shape
            Values in the same range.

        Raises
        ------
        HandgradError
            Where `images` have another number of dimensions.
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
        """Draw where the pixels of N images of H × W come from.

        Returns
        -------
        ndarray of float32, shape (N, 2, H, W)
            How far below (Δy) and to the right (Δx) of a pixel the original is looked up, in pixels.
        """
        turn, slant, *rest = rng.uniform(-1, 1, (6, examples))
        field = affine_displacements(
            np.radians(self.rotate * turn),
            np.radians(self.shear * slant),
            1 + self.scale * np.array(rest[:2]),
            self.shift * np.array(rest[2:]),
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
            field += np.matmul(rows, across.T, out=aligned(field.shape, field.dtype))
        return field
