"""The library on one page: from MNIST to 98 % with NumPy and the chain rule, ``uv run python examples/one_page.py``.

784-256-10, ReLU, softmax, Adam; `d` before a name is the gradient of the loss with respect to it.
"""

import numpy as np

import handgrad as hg

try:
    digits = hg.load_data("mnist")
except hg.HandgradError as error:
    print(f"{error}; digits that handgrad writes itself are taken instead")
    digits = hg.load_data("strokes:10000")
rng = np.random.default_rng(0)
x, labels = digits.train.inputs / np.float32(255), digits.train.labels
weights1 = rng.normal(0, (2 / 784) ** 0.5, (256, 784)).astype(np.float32)
weights2 = rng.normal(0, (2 / 256) ** 0.5, (10, 256)).astype(np.float32)
biases1, biases2 = np.zeros(256, np.float32), np.zeros(10, np.float32)
parameters = weights1, biases1, weights2, biases2
means, second_moment = [0 * p for p in parameters], [0 * p for p in parameters]
epochs, batch, top_rate, decay = 8, 128, 0.004, 0.1
step, steps = 0, epochs * (len(x) // batch)
for _ in range(epochs):
    for rows in np.array_split(rng.permutation(len(x)), len(x) // batch):
        z1 = x[rows] @ weights1.T + biases1  # forward
        a1 = np.maximum(z1, 0)
        z2 = a1 @ weights2.T + biases2
        exponentials = np.exp(z2 - z2.max(axis=1, keepdims=True))
        probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
        dz2 = (probabilities - np.eye(10, dtype=np.float32)[labels[rows]]) / len(rows)  # and back
        dz1 = (dz2 @ weights2) * (z1 > 0)
        gradients = dz1.T @ x[rows], dz1.sum(axis=0), dz2.T @ a1, dz2.sum(axis=0)
        step += 1
        rate = top_rate * min(5 * step / steps, 1.25 * (1 - step / steps))  # up for a fifth, then down
        for p, g, m, s in zip(parameters, gradients, means, second_moment, strict=True):  # Adam, in place
            m += 0.1 * (g - m)
            s += 0.001 * (g * g - s)
            p -= rate * (m / (1 - 0.9**step) / (np.sqrt(s / (1 - 0.999**step)) + 1e-8) + decay * p)
a1 = np.maximum(digits.test.inputs / np.float32(255) @ weights1.T + biases1, 0)
print(f"{np.mean((a1 @ weights2.T + biases2).argmax(axis=1) == digits.test.labels):.2%}")
