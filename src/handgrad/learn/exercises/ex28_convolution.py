"""Convolution.

A dense layer learns a stroke separately for every position. A convolution looks at the image through a window of
K × K pixels and uses the same weights at every position. It has O filters. Filter o sees all C channels, and makes
channel o of the output:

    y[n, o, i, j] = Σ_c Σ_k Σ_l w[o, c, k, l] · x[n, c, i · stride + k − padding, j · stride + l − padding] + b[o]

First, `padding` rows and columns of zeros are put around each image: `np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))`.
On the padded image the formula is simply

    y[n, o, i, j] = Σ_c Σ_k Σ_l w[o, c, k, l] · padded[n, c, i · stride + k, j · stride + l] + b[o]

There are H' = (H + 2 · padding − K) // stride + 1 rows of y, and W' = (W + 2 · padding − K) // stride + 1 columns.
The window is not flipped, as in all libraries for neural networks. Return y. Change none of the arguments.

| array | shape |
|---|---|
| x | (N, C, H, W) |
| weights | (O, C, K, K) |
| biases | (O,) |
| y | (N, O, H', W') |

For fixed k and l, the slice `padded[:, :, k : k + stride * H' : stride, l : l + stride * W' : stride]` has the shape
(N, C, H', W'). The sum over the channels is a product of matrices, or
`np.einsum("oc,nchw->nohw", weights[:, :, k, l], pixels)`. Plain loops are fine, too.

Example: a window of 2 × 2 that finds vertical edges, on one image of 2 × 5 pixels. For instance, y[0, 0, 0, 1] is
2 · (4 − 1) = 6.

>>> x = np.array([[[[1.0, 1.0, 4.0, 4.0, 0.0], [1.0, 1.0, 4.0, 4.0, 0.0]]]])
>>> weights = np.array([[[[-1.0, 1.0], [-1.0, 1.0]]]])
>>> convolution(x, weights, np.zeros(1), 1, 0)
array([[[[ 0.,  6.,  0., -8.]]]])
"""

import numpy as np


def convolution(x, weights, biases, stride, padding):
    """Return y."""
    window = weights.shape[2]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    height = (padded.shape[2] - window) // stride + 1
    width = (padded.shape[3] - window) // stride + 1
    y = np.zeros((len(x), len(weights), height, width))
    for k in range(window):
        for l in range(window):
            pixels = padded[:, :, k : k + stride * height : stride, l : l + stride * width : stride]
            y += np.einsum("oc,nchw->nohw", weights[:, :, k, l], pixels)
    return y + biases[:, None, None]


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake


def cases(rng):
    def arguments(n, c, h, w, o, k, stride=1, padding=0):
        return {
            "x": rng.normal(size=(n, c, h, w)),
            "weights": rng.normal(size=(o, c, k, k)),
            "biases": rng.normal(size=o),
            "stride": stride,
            "padding": padding,
        }

    yield Case("one window", arguments(1, 1, 2, 2, 1, 2))
    yield Case("random shapes", arguments(2, 1, 4, 5, 3, 2))
    yield Case("random shapes", arguments(1, 3, 5, 4, 2, 3))
    yield Case("filters equal in number to channels", arguments(2, 2, 3, 3, 2, 2))
    yield Case("windows of one pixel", arguments(1, 3, 2, 3, 2, 1))
    yield Case("stride", arguments(1, 1, 5, 6, 2, 2, stride=2))
    yield Case("stride", arguments(1, 2, 7, 5, 1, 2, stride=3))
    yield Case("padding", arguments(1, 1, 3, 4, 2, 3, padding=1))
    yield Case("padding", arguments(1, 2, 3, 3, 1, 2, stride=2, padding=2))


EXERCISE = Exercise(
    chapter=6,
    minutes=20,
    section="convolution",
    functions=[
        Function(
            "convolution",
            returns=["y"],
            derivations={
                "y": "y[n,o,i,j] = Σ[c,k,l] weights[o,c,k,l] * x[n,c,i*stride+k-padding,j*stride+l-padding] + biases[o]"
            },
        )
    ],
    cases=cases,
    hints=[
        "Begin with one image, one channel and one filter: four loops, over i, j, k and l.",
        "Pad first. Then loop over k and l only, and take the pixels of all windows at once with a slice.",
        "For each (k, l) add `np.einsum('oc,nchw->nohw', weights[:, :, k, l], pixels)` to y, where pixels is the slice "
        "of the padded image. At the end add the biases as (O, 1, 1): `biases[:, None, None]`.",
    ],
    mistakes=[
        Mistake(
            "flipped-kernel",
            "You flip the window, as a convolution in mathematics does. Here w[k, l] meets the pixel at + k, + l.",
            [("weights[:, :, k, l]", "weights[:, :, window - 1 - k, window - 1 - l]")],
        ),
        Mistake(
            "flipped-kernel",
            "You have exchanged rows and columns of the window: w[l, k] in place of w[k, l].",
            [("weights[:, :, k, l]", "weights[:, :, l, k]")],
        ),
        Mistake("missing-bias", "The biases are missing.", [(" + biases[:, None, None]", "")]),
        Mistake(
            "wrong-axis",
            "Your biases (O,) are added along the last axis, the columns of the image. Bias o belongs to channel o.",
            [("biases[:, None, None]", "np.resize(biases, width)")],
        ),
        Mistake(
            "wrong-padding",
            "You put no zeros around the image.",
            [("(padding, padding), (padding, padding)", "(0, 0), (0, 0)")],
        ),
        Mistake(
            "wrong-padding",
            "You put zeros on one side only (below and at the right). Both sides get `padding` rows or columns.",
            [("(padding, padding), (padding, padding)", "(0, padding), (0, padding)")],
        ),
        Mistake(
            "wrong-padding",
            "You continue the pixels of the edge. Around the image are zeros.",
            [("(padding, padding)))", "(padding, padding)), mode='edge')")],
        ),
        Mistake(
            "wrong-stride",
            "You ignore the stride: the windows move by 1 pixel.",
            [
                (
                    "padded[:, :, k : k + stride * height : stride, l : l + stride * width : stride]",
                    "padded[:, :, k : k + height, l : l + width]",
                )
            ],
        ),
        Mistake(
            "wrong-stride",
            "You ignore the stride: the windows move by 1 pixel, and there are too many.",
            [
                (
                    "padded[:, :, k : k + stride * height : stride, l : l + stride * width : stride]",
                    "padded[:, :, k : k + height, l : l + width]",
                ),
                ("(padded.shape[2] - window) // stride + 1", "padded.shape[2] - window + 1"),
                ("(padded.shape[3] - window) // stride + 1", "padded.shape[3] - window + 1"),
            ],
        ),
        Mistake(
            "wrong-window",
            "You count one window too few from top to bottom and left to right: add 1 to the number of strides.",
            [
                ("(padded.shape[2] - window) // stride + 1", "(padded.shape[2] - window) // stride"),
                ("(padded.shape[3] - window) // stride + 1", "(padded.shape[3] - window) // stride"),
            ],
        ),
        Mistake(
            "missing-transpose",
            "The weights are (O, C, K, K); you use them as (C, O, K, K), so that filters and channels are exchanged.",
            [("oc,nchw->nohw", "co,nchw->nohw")],
        ),
        Mistake(
            "missing-sum",
            "You use the first channel only. Add over all channels.",
            [("weights[:, :, k, l], pixels", "weights[:, :1, k, l], pixels[:, :1]")],
        ),
        Mistake(
            "overwritten",
            "You keep the sum of the last channel only. Add those of all channels, with +=.",
            [("weights[:, :, k, l], pixels", "weights[:, -1:, k, l], pixels[:, -1:]")],
        ),
        Mistake(
            "mean-for-sum",
            "You take the mean over the window. A convolution is a sum.",
            [("y + biases", "y / window**2 + biases")],
        ),
        Mistake(
            "overwritten",
            "You overwrite y for each offset. Add the products of all offsets.",
            [("y += np.einsum", "y = np.einsum")],
        ),
        Mistake(
            "extra-factor",
            "You add the bias for each offset, so it counts K² times. Add it once to each output.",
            [("biases[:, None, None]", "window**2 * biases[:, None, None]")],
        ),
        Mistake(
            "extra-factor",
            "You add the bias for each channel, so it counts C times. Add it once to each output.",
            [("biases[:, None, None]", "x.shape[1] * biases[:, None, None]")],
        ),
    ],
)
