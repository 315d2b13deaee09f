"""Average-pooling.

Average-pooling works as max-pooling does, but each window becomes the mean of its K × K pixels. K is the argument
`window`:

    y[n, c, i, j] = Σₖₗ x[n, c, i · stride + k, j · stride + l] / K²,    k, l from 0 to K − 1

with H' = (H − K) // stride + 1 and W' = (W − K) // stride + 1 windows. Pixels that fill no window are left out.

Every pixel of a window changes y by 1 / K². So each of them gets dy / K², and a pixel in several windows gets the
sum of its shares:

    dx[n, c, p, q] = Σ dy[n, c, i, j] / K²,    over all windows (i, j) that contain the pixel (p, q)

`average_pool_backward` returns dx; `image` is the pair (H, W). Change none of the arguments.

| array | shape |
|---|---|
| x, dx | (N, C, H, W) |
| y, dy | (N, C, H', W') |

Example: one image of 2 × 4 pixels, and two windows. The mean of the first is (1 + 3 + 4 + 2) / 4 = 2.5, and each of
its pixels gets 10 / 4.

>>> x = np.array([[[[1.0, 3.0, 0.0, 2.0], [4.0, 2.0, 2.0, 1.0]]]])
>>> average_pool(x, 2, 2)
array([[[[2.5 , 1.25]]]])
>>> average_pool_backward(np.array([[[[10.0, 20.0]]]]), (2, 4), 2, 2)
array([[[[2.5, 2.5, 5. , 5. ],
         [2.5, 2.5, 5. , 5. ]]]])
"""

import numpy as np


def average_pool(x, window, stride):
    """Return the mean of each window."""
    height = (x.shape[2] - window) // stride + 1
    width = (x.shape[3] - window) // stride + 1
    y = np.zeros((*x.shape[:2], height, width))
    for k in range(window):
        for l in range(window):
            y += x[:, :, k : k + stride * height : stride, l : l + stride * width : stride]
    return y / window**2


def average_pool_backward(dy, image, window, stride):
    """Return dx, in which each pixel of a window gets dy / K²."""
    height, width = dy.shape[2:]
    dx = np.zeros((*dy.shape[:2], *image))
    for k in range(window):
        for l in range(window):
            dx[:, :, k : k + stride * height : stride, l : l + stride * width : stride] += dy / window**2
    return dx


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake, differences

FORWARD, BACKWARD = "average_pool", "average_pool_backward"


def cases(rng):
    def backward(x, window, stride):
        dy = rng.normal(size=average_pool(x, window, stride).shape)
        return {"dy": dy, "image": x.shape[2:], "window": window, "stride": stride}

    for name, shape, window, stride in [
        ("one window", (1, 1, 2, 2), 2, 2),
        ("random shapes", (2, 2, 4, 6), 2, 2),
        ("random shapes", (1, 3, 6, 3), 3, 3),
        ("overlapping windows", (1, 2, 4, 5), 2, 1),
        ("overlapping windows", (1, 1, 5, 5), 3, 2),
        ("pixels that fill no window", (1, 1, 5, 3), 2, 2),
        ("gaps between windows", (1, 1, 5, 5), 2, 3),
    ]:
        x = rng.normal(size=shape)
        yield Case(name, {"x": x, "window": window, "stride": stride})
        yield Case(name, backward(x, window, stride), BACKWARD)
    yield Case(
        "numerical differences",
        backward(rng.normal(size=(1, 2, 4, 4)), 2, 1),
        BACKWARD,
        lambda a: {"dx": differences(lambda x: average_pool(x, 2, 1), np.ones((1, 2, 4, 4)), a["dy"])},
        tolerance=1e-6,
    )


EXERCISE = Exercise(
    chapter=6,
    minutes=10,
    section="pooling",
    functions=[
        Function(
            FORWARD,
            returns=["y"],
            derivations={"y": "y[n,c,i,j] = Σ[k:window,l:window] x[n,c,i*stride+k,j*stride+l] / window**2"},
        ),
        Function(
            BACKWARD,
            returns=["dx"],
            derivations={
                "dx": "dx[n,c,p,q] = Σ[k:window,l:window] dy[n,c,(p-k)/stride,(q-l)/stride] / window**2"
            },
        ),
    ],
    cases=cases,
    hints=[
        "What replaces the comparison of max-pooling, if all pixels of a window count alike?",
        "Add the slices of all offsets, and divide by their number. Backward, add to the same slices of dx.",
        "∂y / ∂x = 1 / K² for each pixel of the window, so dx[p, q] = Σ dy / K² over the windows that contain (p, q): "
        "for each offset, `dx[:, :, k : k + stride * H' : stride, l : l + stride * W' : stride] += dy / window**2`.",
    ],
    mistakes=[
        Mistake(
            "sum-for-mean",
            "You add the pixels of a window and do not divide by their number, K².",
            [("y / window**2", "y")],
        ),
        Mistake(
            "wrong-constant",
            "You divide by K. A window has K² pixels.",
            [("y / window**2", "y / window")],
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
            "sum-for-mean",
            "You give the whole dy to each pixel. Each has a share of 1 / K².",
            [("dy / window**2", "dy")],
            BACKWARD,
        ),
        Mistake(
            "wrong-constant",
            "You divide dy by K. A window has K² pixels.",
            [("dy / window**2", "dy / window")],
            BACKWARD,
        ),
        Mistake(
            "overwritten",
            "A pixel can lie in several windows. Add their shares with +=, and do not overwrite them.",
            [("stride] += dy", "stride] = dy")],
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
            "no-upstream",
            "You write 1 / K² and forget the upstream gradient dy.",
            [("dy / window**2", "1 / window**2")],
            BACKWARD,
        ),
        Mistake(
            "overwritten",
            "A pixel can lie in several windows. Add their shares with +=, and do not overwrite them.",
            [
                (
                    "    return dx",
                    "    dx[:] = 0\n    for i, j in np.ndindex(height, width):\n        share = dy[:, :, i, j, None, None] / window**2\n        dx[:, :, i * stride : i * stride + window, j * stride : j * stride + window] = share\n    return dx",
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
                    "    dx[:] = 0\n    for i, j in np.ndindex(height, width):\n        share = dy[:, :, i, j, None, None] / window**2\n        dx[:, :, i * window : i * window + window, j * window : j * window + window] += share\n    return dx",
                )
            ],
            BACKWARD,
        ),
    ],
)
