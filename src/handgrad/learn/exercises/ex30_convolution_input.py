"""Convolution, gradient of the input.

The forward pass, on the padded image, was

    y[n, o, i, j] = Σ_c Σ_k Σ_l w[o, c, k, l] · padded[n, c, i · stride + k, j · stride + l] + b[o]

A pixel lies in several windows, with another weight in each. Its gradient is the sum over these windows and over the
filters. Seen from the windows: dy[n, o, i, j] changes the pixel at offset (k, l) of its window by w[o, c, k, l]. So
add, for all n, o, i, j, k and l,

    dpadded[n, c, i · stride + k, j · stride + l] += dy[n, o, i, j] · w[o, c, k, l]

Then cut the padding off: dx is the part of dpadded that belongs to the image. Return dx. `image` is the pair (H, W).
Change none of the arguments.

| array | shape |
|---|---|
| dy | (N, O, H', W') |
| weights | (O, C, K, K) |
| dpadded | (N, C, H + 2 · padding, W + 2 · padding) |
| dx | (N, C, H, W) |

Example: one image of 2 × 5 pixels. The second pixel of a row gets 1 · 1 from the first window, as its right pixel,
and 2 · (−1) from the second, as its left one: −1.

>>> weights = np.array([[[[-1.0, 1.0], [-1.0, 1.0]]]])
>>> convolution_input(np.array([[[[1.0, 2.0, 0.0, 1.0]]]]), weights, (2, 5), 1, 0)
array([[[[-1., -1.,  2., -1.,  1.],
         [-1., -1.,  2., -1.,  1.]]]])
"""

import numpy as np


def convolution_input(dy, weights, image, stride, padding):
    """Return dx."""
    height, width = dy.shape[2:]
    rows, columns = image
    window = weights.shape[2]
    dpadded = np.zeros((len(dy), weights.shape[1], rows + 2 * padding, columns + 2 * padding))
    for k in range(window):
        for l in range(window):
            pixels = dpadded[:, :, k : k + stride * height : stride, l : l + stride * width : stride]
            pixels += np.einsum("nohw,oc->nchw", dy, weights[:, :, k, l])
    return dpadded[:, :, padding : padding + rows, padding : padding + columns]


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake, differences
from handgrad.learn.exercises.ex28_convolution import convolution


def cases(rng):
    def arguments(n, c, h, w, o, k, stride=1, padding=0):
        height = (h + 2 * padding - k) // stride + 1
        width = (w + 2 * padding - k) // stride + 1
        return {
            "dy": rng.normal(size=(n, o, height, width)),
            "weights": rng.normal(size=(o, c, k, k)),
            "image": (h, w),
            "stride": stride,
            "padding": padding,
        }

    yield Case("one window", arguments(1, 1, 2, 2, 1, 2))
    yield Case("random shapes", arguments(2, 1, 4, 5, 3, 2))
    yield Case("random shapes", arguments(1, 3, 5, 4, 2, 3))
    yield Case("filters equal in number to channels", arguments(2, 2, 3, 3, 2, 2))
    yield Case("windows of one pixel", arguments(2, 3, 2, 3, 2, 1))
    yield Case("stride", arguments(1, 1, 5, 6, 2, 2, stride=2))
    yield Case("stride", arguments(1, 2, 7, 5, 1, 3, stride=2))
    yield Case("padding", arguments(1, 1, 3, 4, 2, 3, padding=1))
    yield Case("padding", arguments(2, 2, 3, 3, 1, 2, stride=2, padding=2))
    yield Case(
        "numerical differences",
        arguments(2, 2, 4, 4, 2, 3, padding=1),
        expected=lambda a: {
            "dx": differences(
                lambda x: convolution(x, a["weights"], np.zeros(2), 1, 1), np.ones((2, 2, 4, 4)), a["dy"]
            )
        },
        tolerance=1e-6,
    )


EXERCISE = Exercise(
    chapter=6,
    minutes=20,
    section="convolution",
    functions=[
        Function(
            "convolution_input",
            returns=["dx"],
            derivations={
                "dx": "dx[n,c,p,q] = Σ[o,k,l] dy[n,o,(p-k+padding)/stride,(q-l+padding)/stride] * weights[o,c,k,l]"
            },
        )
    ],
    cases=cases,
    hints=[
        "Begin with dpadded, an array of zeros in the shape of the padded image. Which windows add to which of its "
        "pixels?",
        "For fixed k and l the pixels are the slice of the forward pass. What is added to it has the shape (N, C, H', W').",
        "For each (k, l): `pixels += np.einsum('nohw,oc->nchw', dy, weights[:, :, k, l])`, where pixels is the slice of "
        "dpadded. At the end cut `dpadded[:, :, padding : padding + H, padding : padding + W]`.",
    ],
    mistakes=[
        Mistake(
            "overwritten",
            "A pixel lies in several windows. Add their gradients with +=, and do not overwrite them.",
            [
                (
                    'pixels += np.einsum("nohw,oc->nchw", dy, weights[:, :, k, l])',
                    'pixels[:] = np.einsum("nohw,oc->nchw", dy, weights[:, :, k, l])',
                )
            ],
        ),
        Mistake(
            "flipped-kernel",
            "You flip the window. dy at (i, j) goes to the pixel at + k, + l with the weight w[k, l].",
            [("weights[:, :, k, l]", "weights[:, :, window - 1 - k, window - 1 - l]")],
        ),
        Mistake(
            "flipped-kernel",
            "You have exchanged rows and columns of the window: w[l, k] in place of w[k, l].",
            [("weights[:, :, k, l]", "weights[:, :, l, k]")],
        ),
        Mistake(
            "wrong-padding",
            "You return the gradient of the padded image. Cut the padding off.",
            [("dpadded[:, :, padding : padding + rows, padding : padding + columns]", "dpadded")],
        ),
        Mistake(
            "wrong-padding",
            "You cut the padding off on one side only: the image begins at row and column `padding`.",
            [
                (
                    "dpadded[:, :, padding : padding + rows, padding : padding + columns]",
                    "dpadded[:, :, :rows, :columns]",
                )
            ],
        ),
        Mistake(
            "wrong-padding",
            "The slice padding : −padding is empty where padding is 0. Cut padding : padding + H.",
            [
                (
                    "dpadded[:, :, padding : padding + rows, padding : padding + columns]",
                    "dpadded[:, :, padding:-padding, padding:-padding]",
                )
            ],
        ),
        Mistake(
            "wrong-stride",
            "You ignore the stride: neighbouring windows are `stride` pixels apart.",
            [
                (
                    "dpadded[:, :, k : k + stride * height : stride, l : l + stride * width : stride]",
                    "dpadded[:, :, k : k + height, l : l + width]",
                )
            ],
        ),
        Mistake(
            "missing-transpose",
            "The weights are (O, C, K, K); you use them as (C, O, K, K).",
            [("nohw,oc->nchw", "nohw,co->nchw")],
        ),
        Mistake(
            "missing-sum",
            "You use the first filter only. A pixel gets a part from every filter.",
            [("dy, weights[:, :, k, l]", "dy[:, :1], weights[:1, :, k, l]")],
        ),
        Mistake(
            "mean-for-sum",
            "You divide by the number of pixels of a window. Backward, every window adds its part.",
            [("dy, weights[:, :, k, l])", "dy, weights[:, :, k, l]) / window**2")],
        ),
        Mistake(
            "overwritten",
            "A pixel can lie in several windows. Add their gradients with +=, and do not overwrite them.",
            [
                (
                    "    return dpadded[",
                    '    dpadded[:] = 0\n    for i, j in np.ndindex(height, width):\n        part = np.einsum("no,ockl->nckl", dy[:, :, i, j], weights)\n        dpadded[:, :, i * stride : i * stride + window, j * stride : j * stride + window] = part\n    return dpadded[',
                )
            ],
        ),
    ],
)
