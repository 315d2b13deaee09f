"""Convolution, gradients of the weights.

The forward pass, on the padded image, was

    y[n, o, i, j] = Σ_c Σ_k Σ_l w[o, c, k, l] · padded[n, c, i · stride + k, j · stride + l] + b[o]

The weight w[o, c, k, l] is used at every position (i, j) of every image n, each time with another pixel. So its
gradient is a sum over all of them. The bias b[o] is added at every position of every image:

    dw[o, c, k, l] = Σₙ Σᵢ Σⱼ dy[n, o, i, j] · padded[n, c, i · stride + k, j · stride + l]
    db[o]          = Σₙ Σᵢ Σⱼ dy[n, o, i, j]

Return the pair (dweights, dbiases). `window` is K. The height and width of dy are H' and W'. Change none of the
arguments.

| array | shape |
|---|---|
| dy | (N, O, H', W') |
| x | (N, C, H, W) |
| dweights | (O, C, K, K) |
| dbiases | (O,) |

Example: one image of 2 × 5 pixels, and a window of 2 × 2. dw[0, 0, 0, 0] is 1 · 1 + 2 · 1 + 0 · 4 + 1 · 4 = 7.

>>> x = np.array([[[[1.0, 1.0, 4.0, 4.0, 0.0], [1.0, 1.0, 4.0, 4.0, 0.0]]]])
>>> dweights, dbiases = convolution_weights(np.array([[[[1.0, 2.0, 0.0, 1.0]]]]), x, 2, 1, 0)
>>> dweights
array([[[[7., 9.],
         [7., 9.]]]])
>>> dbiases
array([4.])
"""

import numpy as np


def convolution_weights(dy, x, window, stride, padding):
    """Return the gradients of the weights and of the biases."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    height, width = dy.shape[2:]
    dweights = np.zeros((dy.shape[1], x.shape[1], window, window))
    for k in range(window):
        for l in range(window):
            pixels = padded[:, :, k : k + stride * height : stride, l : l + stride * width : stride]
            dweights[:, :, k, l] = np.einsum("nohw,nchw->oc", dy, pixels)
    return dweights, dy.sum(axis=(0, 2, 3))


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake, differences
from handgrad.learn.exercises.ex28_convolution import convolution


def cases(rng):
    def arguments(n, c, h, w, o, k, stride=1, padding=0):
        height = (h + 2 * padding - k) // stride + 1
        width = (w + 2 * padding - k) // stride + 1
        return {
            "dy": rng.normal(size=(n, o, height, width)),
            "x": rng.normal(size=(n, c, h, w)),
            "window": k,
            "stride": stride,
            "padding": padding,
        }

    yield Case("one window", arguments(1, 1, 2, 2, 1, 2))
    yield Case("random shapes", arguments(2, 1, 4, 5, 3, 2))
    yield Case("random shapes", arguments(1, 3, 5, 4, 2, 3))
    yield Case("filters equal in number to channels", arguments(3, 2, 3, 3, 2, 2))
    yield Case("windows of one pixel", arguments(2, 3, 2, 3, 2, 1))
    yield Case("stride", arguments(1, 1, 5, 6, 2, 2, stride=2))
    yield Case("stride", arguments(1, 2, 7, 5, 1, 2, stride=3))
    yield Case("padding", arguments(1, 1, 3, 4, 2, 3, padding=1))
    yield Case("padding", arguments(2, 2, 3, 3, 1, 2, stride=2, padding=2))
    yield Case(
        "numerical differences",
        arguments(2, 2, 4, 4, 2, 2),
        expected=lambda a: {
            "dweights": differences(
                lambda w: convolution(a["x"], w, np.zeros(2), 1, 0), np.ones((2, 2, 2, 2)), a["dy"]
            ),
            "dbiases": differences(
                lambda b: convolution(a["x"], np.ones((2, 2, 2, 2)), b, 1, 0), np.zeros(2), a["dy"]
            ),
        },
        tolerance=1e-6,
    )


EXERCISE = Exercise(
    chapter=6,
    minutes=15,
    section="convolution",
    functions=[
        Function(
            "convolution_weights",
            returns=["dweights", "dbiases"],
            derivations={
                "dweights": "dweights[o,c,k,l] = Σ[n,i,j] dy[n,o,i,j] * x[n,c,i*stride+k-padding,j*stride+l-padding]",
                "dbiases": "dbiases[o] = Σ[n,i,j] dy[n,o,i,j]",
            },
        )
    ],
    cases=cases,
    hints=[
        "With which pixels of the padded image has w[o, c, 0, 0] been multiplied?",
        "They are the slice of the forward pass for k = l = 0. The gradient multiplies it by dy, and adds over n, i, j.",
        "For each (k, l): dw[o, c, k, l] = Σₙᵢⱼ dy[n, o, i, j] · pixels[n, c, i, j], that is "
        "`np.einsum('nohw,nchw->oc', dy, pixels)`. And db = `dy.sum(axis=(0, 2, 3))`.",
    ],
    mistakes=[
        Mistake(
            "flipped-kernel",
            "Your gradient is flipped: the entry (k, l) belongs to the pixels at + k, + l.",
            [("dweights[:, :, k, l]", "dweights[:, :, window - 1 - k, window - 1 - l]")],
        ),
        Mistake(
            "flipped-kernel",
            "You have exchanged rows and columns of the window: dw[l, k] in place of dw[k, l].",
            [("dweights[:, :, k, l]", "dweights[:, :, l, k]")],
        ),
        Mistake(
            "wrong-padding",
            "You put all zeros below and at the right. Each side gets `padding` rows or columns.",
            [
                (
                    "padded[:, :, k :",
                    "np.pad(x, ((0, 0), (0, 0), (0, 2 * padding), (0, 2 * padding)))[:, :, k :",
                )
            ],
        ),
        Mistake(
            "wrong-stride",
            "You ignore the stride: neighbouring windows are `stride` pixels apart.",
            [
                (
                    "padded[:, :, k : k + stride * height : stride, l : l + stride * width : stride]",
                    "padded[:, :, k : k + height, l : l + width]",
                )
            ],
        ),
        Mistake(
            "transposed-result",
            "Your gradient has the axes (C, O); the weights are (O, C, K, K).",
            [
                ("nohw,nchw->oc", "nohw,nchw->co"),
                (
                    "np.zeros((dy.shape[1], x.shape[1], window, window))",
                    "np.zeros((x.shape[1], dy.shape[1], window, window))",
                ),
            ],
        ),
        Mistake(
            "mean-for-sum",
            "You divide dw by the number of images. dy has the factor 1/N of the mean loss already.",
            [('np.einsum("nohw,nchw->oc", dy, pixels)', 'np.einsum("nohw,nchw->oc", dy, pixels) / len(x)')],
        ),
        Mistake(
            "mean-for-sum",
            "You take the mean over the positions for dw. Each position adds its part.",
            [
                (
                    'np.einsum("nohw,nchw->oc", dy, pixels)',
                    'np.einsum("nohw,nchw->oc", dy, pixels) / (height * width)',
                )
            ],
        ),
        Mistake(
            "overwritten",
            "You assign the product of each position to dw. Only the last remains: add them with +=.",
            [
                (
                    'np.einsum("nohw,nchw->oc", dy, pixels)',
                    "np.outer(dy[-1, :, -1, -1], pixels[-1, :, -1, -1])",
                )
            ],
        ),
        Mistake(
            "missing-sum",
            "You use the first image only. The weights are used for all images.",
            [("dy, pixels)", "dy[:1], pixels[:1])")],
        ),
        Mistake(
            "wrong-axis",
            "You add dy over the images only. Bias o meets all positions, too: axes 0, 2 and 3.",
            [("dy.sum(axis=(0, 2, 3))", "dy.sum(axis=0)")],
        ),
        Mistake(
            "wrong-axis",
            "You add dy over filters and positions. Bias o meets all images and positions: axes 0, 2 and 3.",
            [("dy.sum(axis=(0, 2, 3))", "dy.sum(axis=(1, 2, 3))")],
        ),
        Mistake(
            "mean-for-sum",
            "You take the mean of dy for the biases. Each position of each image adds its part.",
            [("dy.sum(axis=(0, 2, 3))", "dy.mean(axis=(0, 2, 3))")],
        ),
        Mistake(
            "swapped-results",
            "You return the biases first.",
            [("return dweights, dy.sum(axis=(0, 2, 3))", "return dy.sum(axis=(0, 2, 3)), dweights")],
        ),
        Mistake(
            "wrong-padding",
            "You put no zeros around the image, so it has too few windows for dy.",
            [("(padding, padding), (padding, padding)", "(0, 0), (0, 0)")],
        ),
        Mistake(
            "no-upstream",
            "You leave out dy in dw. The chain rule multiplies each pixel by the gradient that arrives.",
            [("dy, pixels)", "np.ones_like(dy), pixels)")],
        ),
        Mistake(
            "wrong-axis",
            "You add all of dy to one number. Each filter has its own bias: axes 0, 2 and 3.",
            [("dy.sum(axis=(0, 2, 3))", "dy.sum()")],
        ),
    ],
)
