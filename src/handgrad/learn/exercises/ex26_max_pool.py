"""Max-pooling.

An image has C channels of H × W pixels, and a batch of images is an array (N, C, H, W). Pooling makes images smaller:
a window of K × K pixels moves over the image, `stride` pixels at a time, and each window becomes one number. K is the
argument `window`. In max-pooling the number is the largest pixel of the window:

    y[n, c, i, j] = max over k, l of x[n, c, i · stride + k, j · stride + l],    k, l from 0 to K − 1

There are H' = (H − K) // stride + 1 windows from top to bottom, and W' = (W − K) // stride + 1 from left to right.
Pixels that fill no window are left out.

The largest pixel alone determines y, so the gradient goes to this pixel, and the others of the window get nothing.
The backward pass has to know which pixel it was. `max_pool` therefore also returns `argmax`: the offset k · K + l of
the largest pixel in its window, an integer. Of equal pixels the first counts, row by row.

`max_pool_backward` returns dx. `image` is the pair (H, W). Where windows overlap, one pixel can be the largest of
several windows. Then its gradients are added. Change none of the arguments.

| array | shape |
|---|---|
| x, dx | (N, C, H, W) |
| y, dy, argmax | (N, C, H', W') |

A loop over the offsets k and l is enough: for fixed k and l, the slice
`x[:, :, k : k + stride * H' : stride, l : l + stride * W' : stride]` holds this pixel of every window.

Example: one image of 2 × 4 pixels, and two windows. The largest pixel of the first is 4, at k = 1 and l = 0. So its
offset is 1 · 2 + 0 = 2, and it gets the gradient 10.

>>> x = np.array([[[[1.0, 3.0, 0.0, 2.0], [4.0, 2.0, 2.0, 1.0]]]])
>>> y, argmax = max_pool(x, 2, 2)
>>> y
array([[[[4., 2.]]]])
>>> argmax.tolist()
[[[[2, 1]]]]
>>> max_pool_backward(np.array([[[[10.0, 20.0]]]]), argmax, (2, 4), 2, 2)
array([[[[ 0.,  0.,  0., 20.],
         [10.,  0.,  0.,  0.]]]])
"""

import numpy as np


def max_pool(x, window, stride):
    """Return the largest pixel of each window, and its offset in the window."""
    height = (x.shape[2] - window) // stride + 1
    width = (x.shape[3] - window) // stride + 1
    y = np.full((*x.shape[:2], height, width), -np.inf)
    argmax = np.zeros(y.shape, int)
    for k in range(window):
        for l in range(window):
            pixels = x[:, :, k : k + stride * height : stride, l : l + stride * width : stride]
            larger = pixels > y
            y = np.where(larger, pixels, y)
            argmax[larger] = k * window + l
    return y, argmax


def max_pool_backward(dy, argmax, image, window, stride):
    """Return dx, in which dy is added at the largest pixel of each window."""
    height, width = dy.shape[2:]
    dx = np.zeros((*dy.shape[:2], *image))
    for k in range(window):
        for l in range(window):
            pixels = dx[:, :, k : k + stride * height : stride, l : l + stride * width : stride]
            pixels += dy * (argmax == k * window + l)
    return dx


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake, differences

FORWARD, BACKWARD = "max_pool", "max_pool_backward"


def cases(rng):
    def image(*shape):
        return rng.permutation(np.arange(np.prod(shape))).reshape(shape) / 4 - 3.0

    def backward(x, window, stride):
        y, argmax = max_pool(x, window, stride)
        dy = rng.normal(size=y.shape)
        return {"dy": dy, "argmax": argmax, "image": x.shape[2:], "window": window, "stride": stride}

    for name, x, window, stride in [
        ("one window", image(1, 1, 2, 2), 2, 2),
        ("random shapes", image(2, 2, 4, 6), 2, 2),
        ("random shapes", image(1, 3, 6, 3), 3, 3),
        ("overlapping windows", image(1, 2, 4, 5), 2, 1),
        ("overlapping windows", image(1, 1, 5, 5), 3, 2),
        ("pixels that fill no window", image(1, 1, 5, 3), 2, 2),
        ("gaps between windows", image(1, 1, 5, 5), 2, 3),
    ]:
        yield Case(name, {"x": x, "window": window, "stride": stride})
        yield Case(name, backward(x, window, stride), BACKWARD)
    ties = np.array([[[[2.0, 1.0, 0.0, 0.0], [2.0, 2.0, 0.0, 0.0]]]])
    yield Case("ties", {"x": ties, "window": 2, "stride": 2})
    yield Case("negative pixels", {"x": -1 - rng.random((1, 1, 4, 4)), "window": 2, "stride": 2})
    x = image(1, 2, 4, 4)
    arguments = backward(x, 2, 1)
    yield Case(
        "numerical differences",
        arguments,
        BACKWARD,
        lambda a: {"dx": differences(lambda x: max_pool(x, 2, 1)[0], x.copy(), a["dy"])},
        tolerance=1e-6,
    )


EXERCISE = Exercise(
    chapter=6,
    minutes=20,
    section="pooling",
    functions=[
        Function(
            FORWARD,
            returns=["y", "argmax"],
            derivations={"y": "y[n,c,i,j] = Max[k:window,l:window] x[n,c,i*stride+k,j*stride+l]"},
        ),
        Function(
            BACKWARD,
            returns=["dx"],
            derivations={
                "dx": "dx[n,c,p,q] = Σ[k:window,l:window] dy[n,c,(p-k)/stride,(q-l)/stride] "
                "* (argmax[n,c,(p-k)/stride,(q-l)/stride] == k*window+l)"
            },
        ),
    ],
    cases=cases,
    hints=[
        "Which pixels of x are at offset (0, 0) of their windows? Which slice holds all of them?",
        "Go over the offsets k and l. Keep the largest pixels so far, and replace them only where a pixel is *larger*: "
        "so the first of equal pixels stays.",
        "Forward: `larger = pixels > y`, `y = np.where(larger, pixels, y)`, `argmax[larger] = k * window + l`. "
        "Backward, dx[p, q] = Σ over the windows that contain the pixel: dy · [argmax is its offset]. "
        "Add `dy * (argmax == k * window + l)` to the same slice of dx.",
    ],
    mistakes=[
        Mistake(
            "shared-tie",
            "You take the last of equal pixels (>=). The first counts, row by row: replace only where x is larger.",
            [("pixels > y", "pixels >= y")],
        ),
        Mistake(
            "wrong-constant",
            "You start from 0, so negative pixels can never be the largest. Start from minus infinity.",
            [("np.full((*x.shape[:2], height, width), -np.inf)", "np.zeros((*x.shape[:2], height, width))")],
        ),
        Mistake(
            "wrong-stride",
            "You move the windows by their size and ignore the stride.",
            [
                (
                    "x[:, :, k : k + stride * height : stride, l : l + stride * width : stride]",
                    "x[:, :, k : k + window * height : window, l : l + window * width : window]",
                ),
                ("(x.shape[2] - window) // stride + 1", "(x.shape[2] - window) // window + 1"),
                ("(x.shape[3] - window) // stride + 1", "(x.shape[3] - window) // window + 1"),
            ],
        ),
        Mistake(
            "wrong-stride",
            "You move the windows by 1 pixel and ignore the stride.",
            [
                (
                    "x[:, :, k : k + stride * height : stride, l : l + stride * width : stride]",
                    "x[:, :, k : k + height, l : l + width]",
                )
            ],
        ),
        Mistake(
            "wrong-window",
            "You count one window too few from top to bottom and left to right: add 1 to the number of strides.",
            [
                ("(x.shape[2] - window) // stride + 1", "(x.shape[2] - window) // stride"),
                ("(x.shape[3] - window) // stride + 1", "(x.shape[3] - window) // stride"),
            ],
        ),
        Mistake(
            "wrong-window",
            "The offset of a pixel is k · K + l, row by row; yours is l · K + k, column by column.",
            [("argmax[larger] = k * window + l", "argmax[larger] = l * window + k")],
        ),
        Mistake(
            "swapped-results",
            "You return argmax before y.",
            [("return y, argmax", "return argmax, y")],
        ),
        Mistake(
            "wrong-window",
            "You take the smallest pixel of each window instead of the largest.",
            [("-np.inf", "np.inf"), ("pixels > y", "pixels < y")],
        ),
        Mistake(
            "overwritten",
            "A pixel can be the largest of several windows. Add its gradients with +=, and do not overwrite them.",
            [
                (
                    "pixels += dy * (argmax == k * window + l)",
                    "pixels[argmax == k * window + l] = dy[argmax == k * window + l]",
                )
            ],
            BACKWARD,
        ),
        Mistake(
            "wrong-window",
            "You read an offset as l · K + k, column by column; it is k · K + l, row by row.",
            [("argmax == k * window + l", "argmax == l * window + k")],
            BACKWARD,
        ),
        Mistake(
            "wrong-mask",
            "You give dy to every pixel of the window. Only the largest one gets it.",
            [("dy * (argmax == k * window + l)", "dy")],
            BACKWARD,
        ),
        Mistake(
            "shared-tie",
            "You share dy among all pixels of the window, as in average-pooling. The largest pixel gets all of it.",
            [("dy * (argmax == k * window + l)", "dy / window**2")],
            BACKWARD,
        ),
        Mistake(
            "no-upstream",
            "You write 1 at the largest pixel. The chain rule multiplies by the upstream gradient dy.",
            [("dy * (argmax == k * window + l)", "1.0 * (argmax == k * window + l)")],
            BACKWARD,
        ),
        Mistake(
            "wrong-stride",
            "You move the windows by their size and ignore the stride.",
            [
                (
                    "dx[:, :, k : k + stride * height : stride, l : l + stride * width : stride]",
                    "dx[:, :, k : k + window * height : window, l : l + window * width : window]",
                )
            ],
            BACKWARD,
        ),
        Mistake(
            "wrong-stride",
            "You move the windows by 1 pixel and ignore the stride.",
            [
                (
                    "dx[:, :, k : k + stride * height : stride, l : l + stride * width : stride]",
                    "dx[:, :, k : k + height, l : l + width]",
                )
            ],
            BACKWARD,
        ),
        Mistake(
            "inverted-mask",
            "You give dy to all pixels except the largest.",
            [("argmax == k * window + l", "argmax != k * window + l")],
            BACKWARD,
        ),
        Mistake(
            "wrong-window",
            "Your argmax is the place in the image. It is the offset in the window, k · K + l, from 0 to K² − 1.",
            [
                (
                    "argmax[larger] = k * window + l",
                    "i, j = np.nonzero(larger)[2:]; "
                    "argmax[larger] = (i * stride + k) * x.shape[3] + j * stride + l",
                )
            ],
        ),
        Mistake(
            "overwritten",
            "A pixel can be the largest of several windows. Add its gradients with +=, and do not overwrite them.",
            [
                (
                    "    return dx",
                    "    dx[:] = 0\n    for n, c, i, j in np.ndindex(dy.shape):\n        k, l = divmod(int(argmax[n, c, i, j]), window)\n        dx[n, c, i * stride + k, j * stride + l] = dy[n, c, i, j]\n    return dx",
                )
            ],
            BACKWARD,
        ),
        Mistake(
            "wrong-stride",
            "You move the windows by their size and ignore the stride.",
            [
                (
                    "    return dx",
                    "    dx[:] = 0\n    for n, c, i, j in np.ndindex(dy.shape):\n        k, l = divmod(int(argmax[n, c, i, j]), window)\n        dx[n, c, i * window + k, j * window + l] += dy[n, c, i, j]\n    return dx",
                )
            ],
            BACKWARD,
        ),
    ],
)
