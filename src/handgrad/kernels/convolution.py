"""Convolution of images in plain NumPy, and under it its derivative.

Letters as in `activations.py`; an input has C channels of H × W pixels, an output O channels of H' × W' pixels, and a
window K × K pixels. The function views an image as its windows; the derivative adds the gradients of the windows to
the pixels that they share.
"""

from itertools import product

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from handgrad.kernels.types import Floats


def output_size(size: int, window: int, stride: int, padding: int = 0) -> int:
    """Return the number of windows along one side: ⌊(size + 2 padding − window) / stride⌋ + 1."""
    return (size + 2 * padding - window) // stride + 1


def windows(x: Floats, window: int, stride: int) -> Floats:
    """View images (N, C, H, W) as windows (N, C, H', W', K, K); nothing is copied."""
    return sliding_window_view(x, (window, window), axis=(2, 3))[:, :, ::stride, ::stride]


def windows_backward(dy: Floats, dx: Floats, stride: int) -> None:
    """Add the gradients of windows (N, C, H', W', K, K) to those of the pixels (N, C, H, W) that they share."""
    height, width, window = dy.shape[2:5]
    for row, column in product(range(window), repeat=2):
        rows = slice(row, row + stride * height, stride)
        columns = slice(column, column + stride * width, stride)
        dx[:, :, rows, columns] += dy[:, :, :, :, row, column]


def windows_as_rows(x: Floats, window: int, stride: int, padding: int) -> Floats:
    """Return images (N, C, H, W) with zeros around them as rows of windows (N · H' · W', C · K · K)."""
    views = windows(np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding))), window, stride)
    n, channels, height, width = views.shape[:4]
    return views.transpose(0, 2, 3, 1, 4, 5).reshape(n * height * width, channels * window * window)


def convolution(x: Floats, weights: Floats, biases: Floats, stride: int = 1, padding: int = 0) -> Floats:
    """Compute y[n, o, i, j] = b[o] + Σ w[o, c, k, l] x[n, c, i·stride + k, j·stride + l].

    The windows are laid out as the rows of one matrix, so that the sum is a product of matrices (Chellapilla, Puri
    and Simard, "High performance convolutional neural networks for document processing", 2006).

    Shapes are x (N, C, H, W), weights (O, C, K, K), biases (O,) and y (N, O, H', W'). From one window to the next are
    `stride` pixels, and around the image `padding` zeros.
    """
    outputs, window = len(weights), weights.shape[2]
    height, width = (output_size(size, window, stride, padding) for size in x.shape[2:])
    y = windows_as_rows(x, window, stride, padding) @ weights.reshape(outputs, -1).T + biases
    return np.ascontiguousarray(y.reshape(len(x), height, width, outputs).transpose(0, 3, 1, 2))


def convolution_backward(
    dy: Floats,
    x: Floats,
    weights: Floats,
    dweights: Floats,
    dbiases: Floats,
    stride: int = 1,
    padding: int = 0,
    *,
    input_gradient: bool = True,
) -> Floats | None:
    """Compute gradients as `dense_backward` does on the rows, then add those of windows to pixels.

    Without `input_gradient` the result is None.
    """
    n, outputs, height, width = dy.shape
    channels, window = weights.shape[1:3]
    drows = dy.transpose(0, 2, 3, 1).reshape(-1, outputs)
    dweights += (drows.T @ windows_as_rows(x, window, stride, padding)).reshape(weights.shape)
    dbiases += drows.sum(axis=0)
    if not input_gradient:
        return None
    dwindows = (drows @ weights.reshape(outputs, -1)).reshape(n, height, width, channels, window, window)
    rows, columns = x.shape[2:]
    dx = np.zeros((n, channels, rows + 2 * padding, columns + 2 * padding), dy.dtype)
    windows_backward(dwindows.transpose(0, 3, 1, 2, 4, 5), dx, stride)
    return dx[:, :, padding : padding + rows, padding : padding + columns]
