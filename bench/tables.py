"""Tables for `bench.study`: one collection to choose by, and another to judge by."""

import numpy as np
from sklearn import datasets as made


def diabetes():
    """Return the bundled data with the disease's progress in three classes of equal size."""
    X, y = made.load_diabetes(return_X_y=True, scaled=False)
    return X, np.digitize(y, np.quantile(y, [1 / 3, 2 / 3]))


def photos():
    """Return squares of 3 × 3 pixels of the two bundled photographs; the class is the photograph."""
    images = made.load_sample_images().images
    random = np.random.default_rng(0)
    rows, columns = random.integers(0, 424, 2_000), random.integers(0, 637, 2_000)
    y = random.integers(0, 2, 2_000)
    squares = [images[k][r : r + 3, c : c + 3].ravel() for k, r, c in zip(y, rows, columns, strict=True)]
    return np.array(squares, np.float64), y


def topics():
    """Return counts of words of documents with several topics; the class is the first of them."""
    X, y = made.make_multilabel_classification(3_000, 20, n_classes=5, allow_unlabeled=False, random_state=1)
    return X, y.argmax(axis=1)


def classes(rows, columns, classes, informative, random_state=1, **others):
    """Return scikit-learn's usual generated table; 1 % of the labels are random unless `flip_y` differs."""
    others |= {"n_classes": classes, "n_informative": informative, "n_redundant": 2}
    return made.make_classification(rows, columns, random_state=random_state, **others)


CHOOSING = {
    "diabetes, 3 classes": diabetes,
    "photos": photos,
    "topics": topics,
    "moons, 400": lambda: made.make_moons(400, noise=0.2, random_state=1),
    "circles, 1,500": lambda: made.make_circles(1_500, noise=0.15, factor=0.6, random_state=1),
    "quantiles, 2,000 × 10": lambda: made.make_gaussian_quantiles(
        n_samples=2_000, n_features=10, n_classes=4, random_state=1
    ),
    "quantiles, 6,000 × 15": lambda: made.make_gaussian_quantiles(
        n_samples=6_000, n_features=15, n_classes=3, random_state=1
    ),
    "hastie, 2,000": lambda: made.make_hastie_10_2(2_000, random_state=1),
    "hastie, 8,000": lambda: made.make_hastie_10_2(8_000, random_state=1),
    "blobs, 600 × 2": lambda: made.make_blobs(600, 2, centers=6, cluster_std=2.5, random_state=1),
    "blobs, 200 × 12": lambda: made.make_blobs(200, 12, centers=3, cluster_std=6, random_state=1),
    "blobs, 2,000 × 10": lambda: made.make_blobs(2_000, 10, centers=8, cluster_std=7, random_state=1),
    "classes, 150 × 10": lambda: classes(150, 10, 3, 8, class_sep=2, n_clusters_per_class=1),
    "classes, 200 × 20": lambda: classes(200, 20, 2, 8, flip_y=0.05),
    "classes, 500 × 200": lambda: classes(500, 200, 2, 10),
    "classes, 1,000 × 20": lambda: classes(1_000, 20, 3, 10, flip_y=0.1),
    "classes, 2,000 × 15, 9 to 1": lambda: classes(2_000, 15, 2, 6, weights=[0.9], flip_y=0.04),
    "classes, 5,000 × 30": lambda: classes(5_000, 30, 5, 15),
    "classes, 4,000 × 40": lambda: classes(4_000, 40, 20, 20, n_clusters_per_class=1, class_sep=0.7),
    "classes, 10,000 × 25": lambda: classes(10_000, 25, 2, 12, flip_y=0.15, class_sep=0.6),
}
"""By these the defaults are chosen."""

JUDGING = {
    "iris": lambda: made.load_iris(return_X_y=True),
    "wine": lambda: made.load_wine(return_X_y=True),
    "breast cancer": lambda: made.load_breast_cancer(return_X_y=True),
    "digits": lambda: made.load_digits(return_X_y=True),
    "moons, 1,000": lambda: made.make_moons(1_000, noise=0.3, random_state=3),
    "circles, 500": lambda: made.make_circles(500, noise=0.2, factor=0.5, random_state=3),
    "quantiles, 5,000 × 20": lambda: made.make_gaussian_quantiles(
        n_samples=5_000, n_features=20, n_classes=3, random_state=3
    ),
    "hastie, 6,000": lambda: made.make_hastie_10_2(6_000, random_state=3),
    "blobs, 1,500 × 8": lambda: made.make_blobs(1_500, 8, centers=10, cluster_std=6, random_state=3),
    "classes, 300 × 50": lambda: classes(300, 50, 2, 10, 3, flip_y=0.1),
    "classes, 8,000 × 60": lambda: classes(8_000, 60, 20, 25, 3),
    "classes, 10,000 × 30": lambda: classes(10_000, 30, 2, 10, 3, flip_y=0.2),
}
"""By these the defaults are judged. Those that are generated have another seed since the second choice."""
