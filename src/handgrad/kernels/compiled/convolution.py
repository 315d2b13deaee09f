"""Compiled convolution and pooling: what `handgrad.kernels.convolution` computes, with images channels-last.

Arrays keep the shape (N, C, H, W), but what comes out lies in memory as (N, H, W, C), and what comes in is brought
to that order if it has another. There a line of a window is one run of numbers, channels fill vector registers,
and a layer's output needs no transposing before the next. Windows are laid out as the rows of a matrix a few lines
of the image at a time, so that the rows stay in the cache; BLAS multiplies them.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from handgrad.kernels.convolution import output_size
from handgrad.kernels.types import Floats, Integers

ROWS = 100_000
"""Floats of laid-out windows that are worked on at a time: few enough for the cache."""


def pixels(x: NDArray[Any]) -> NDArray[Any]:
    """See images (N, C, H, W) as (N, H, W, C), copied only where they do not lie so in memory."""
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1))


def images(x: NDArray[Any]) -> NDArray[Any]:
    """See pixels (N, H, W, C) as images (N, C, H, W); nothing is copied."""
    return x.transpose(0, 3, 1, 2)


def blocks(lines: int, floats: int) -> list[tuple[int, int]]:
    """Cut lines of so many floats of rows each into blocks (first, last + 1) that fit the cache."""
    size = max(1, ROWS // floats)
    return [(first, min(first + size, lines)) for first in range(0, lines, size)]


def as_matrix(weights: Floats, biases: Floats) -> Floats:
    """Lay out weights (O, C, K, K) as rows are laid out, and biases below: (K · K · C + 1, O)."""
    outputs = len(weights)
    matrix = np.empty((weights[0].size + 1, outputs), weights.dtype)
    matrix[:-1].reshape(*weights.shape[2:], -1, outputs)[...] = weights.transpose(2, 3, 1, 0)
    matrix[-1] = biases
    return matrix


def convolution(x: Floats, weights: Floats, biases: Floats, stride: int = 1, padding: int = 0) -> Floats:
    """Weigh each window alike, as `handgrad.kernels.convolution.convolution` does."""
    window = weights.shape[2]
    x = pixels(x)
    height, width = (output_size(size, window, stride, padding) for size in x.shape[1:3])
    matrix = as_matrix(weights, biases)
    y = np.empty((len(x) * height, width, len(weights)), x.dtype)
    buffer = np.empty((blocks(len(y), width * len(matrix))[0][1] * width, len(matrix)), x.dtype)
    for first, last in blocks(len(y), width * len(matrix)):
        rows = buffer[: (last - first) * width]
        lay_out(x, rows, first, height, width, window, stride, padding)
        np.matmul(rows, matrix, out=y[first:last].reshape(len(rows), -1))
    return images(y.reshape(-1, height, width, len(weights)))


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
    """Pass back as `handgrad.kernels.convolution.convolution_backward` does; windows are laid out once more."""
    outputs, channels, window, _ = weights.shape
    x = pixels(x)
    height, width = dy.shape[2:]
    dy = pixels(dy).reshape(-1, width, outputs)
    matrix = np.ascontiguousarray(as_matrix(weights, dbiases)[:-1].T)
    dmatrix = np.zeros((matrix.shape[1] + 1, outputs), x.dtype)
    dx = np.zeros(x.shape, x.dtype) if input_gradient else None
    buffer = np.empty((blocks(len(dy), width * len(dmatrix))[0][1] * width, len(dmatrix)), x.dtype)
    for first, last in blocks(len(dy), width * len(dmatrix)):
        drows = dy[first:last].reshape(-1, outputs)
        rows = buffer[: len(drows)]
        lay_out(x, rows, first, height, width, window, stride, padding)
        dmatrix += rows.T @ drows
        if dx is not None:
            add_back(drows @ matrix, dx, first, height, width, window, stride, padding)
    dweights += dmatrix[:-1].reshape(window, window, channels, outputs).transpose(3, 2, 0, 1)
    dbiases += dmatrix[-1]
    return None if dx is None else images(dx)


@njit(nogil=True, cache=True)
def lay_out(
    x: Floats, rows: Floats, first: int, height: int, width: int, window: int, stride: int, padding: int
) -> None:
    """Lay out windows as rows: k, l and c of a window in that order, and a 1 for the bias.

    Parameters
    ----------
    x : (N, H, W, C)
    rows : (lines · W', K · K · C + 1), written
    first : int
        The line of windows to begin with, of all N · H' lines.
    height, width : int
        H' and W'.
    window, stride, padding : int
    """
    channels = x.shape[3]
    run = window * channels
    for line in range(len(rows) // width):
        n, top = (first + line) // height, (first + line) % height * stride - padding
        whole = rows[line * width : (line + 1) * width]
        for k in range(window):
            out = whole[:, k * run : (k + 1) * run]
            if top + k < 0 or top + k >= x.shape[1]:
                out[:] = 0
                continue
            pixel = x[n, top + k].reshape(-1)
            for j in range(width):
                left = (j * stride - padding) * channels
                if left >= 0 and left + run <= len(pixel):
                    inside = pixel[left : left + run]
                    for i in range(run):
                        out[j, i] = inside[i]
                else:
                    for i in range(run):
                        out[j, i] = pixel[left + i] if 0 <= left + i < len(pixel) else 0
        whole[:, -1] = 1


@njit(nogil=True, cache=True)
def add_back(
    drows: Floats, dx: Floats, first: int, height: int, width: int, window: int, stride: int, padding: int
) -> None:
    """Add the gradients of rows to those of the pixels that they share; letters as in `lay_out`.

    Parameters
    ----------
    drows : (lines · W', K · K · C)
    dx : (N, H, W, C), added to
    first, height, width, window, stride, padding : int
    """
    channels = dx.shape[3]
    run = window * channels
    for row in range(len(drows)):
        line = first + row // width
        n, top = line // height, line % height * stride - padding
        left = row % width * stride - padding
        begin = max(0, -left)
        end = max(begin, min(window, dx.shape[2] - left))
        for k in range(max(0, -top), min(window, dx.shape[1] - top)):
            pixel = dx[n, top + k].reshape(-1)[(left + begin) * channels : (left + end) * channels]
            given = drows[row, k * run + begin * channels : k * run + end * channels]
            for i in range(len(pixel)):
                pixel[i] += given[i]


def max_pool(x: Floats, window: int, stride: int) -> tuple[Floats, Integers]:
    """Keep the largest value of each window, as `handgrad.kernels.convolution.max_pool` does."""
    x = pixels(x)
    height, width = (output_size(size, window, stride) for size in x.shape[1:3])
    y = np.empty((len(x), height, width, x.shape[3]), x.dtype)
    places = np.empty(y.shape, np.uint8)
    keep_largest(x, y, places, window, stride)
    return images(y), images(places)


@njit(nogil=True, cache=True)
def keep_largest(x: Floats, y: Floats, places: Integers, window: int, stride: int) -> None:
    """Write the largest value of each window of x (N, H, W, C) to y (N, H', W', C), and its place."""
    for n in range(y.shape[0]):
        for i in range(y.shape[1]):
            for j in range(y.shape[2]):
                largest, place = y[n, i, j], places[n, i, j]
                largest[:] = x[n, i * stride, j * stride]
                place[:] = 0
                for p in range(1, window * window):
                    pixel = x[n, i * stride + p // window, j * stride + p % window]
                    for c in range(len(pixel)):
                        larger = pixel[c] > largest[c]
                        largest[c] = pixel[c] if larger else largest[c]
                        place[c] = p if larger else place[c]


def max_pool_backward(
    dy: Floats, places: Integers, image: tuple[int, int], window: int, stride: int
) -> Floats:
    """Pass back to the pixel that was kept, as `handgrad.kernels.convolution.max_pool_backward` does."""
    dx = np.zeros((len(dy), *image, dy.shape[1]), dy.dtype)
    give_to_largest(pixels(dy), pixels(places), dx, window, stride)
    return images(dx)


@njit(nogil=True, cache=True)
def give_to_largest(dy: Floats, places: Integers, dx: Floats, window: int, stride: int) -> None:
    """Add dy (N, H', W', C) to the pixels of dx (N, H, W, C) that were the largest of their windows."""
    for n in range(dy.shape[0]):
        for i in range(dy.shape[1]):
            for j in range(dy.shape[2]):
                given, place = dy[n, i, j], places[n, i, j]
                for p in range(window * window):
                    pixel = dx[n, i * stride + p // window, j * stride + p % window]
                    for c in range(len(pixel)):
                        pixel[c] += given[c] if place[c] == p else 0


def relu_backward(dy: Floats, x: Floats) -> Floats:
    """Pass back through relu of images, as `handgrad.kernels.reference.relu_backward` does."""
    x = pixels(x)
    dx = np.empty(x.shape, x.dtype)
    let_through(pixels(dy).reshape(-1), x.reshape(-1), dx.reshape(-1))
    return images(dx)


@njit(nogil=True, cache=True)
def let_through(dy: Floats, x: Floats, dx: Floats) -> None:
    """Write dy where x is positive, else 0, to dx; all (I,)."""
    for i in range(len(dx)):
        dx[i] = dy[i] if x[i] > 0 else dx.dtype.type(0)
