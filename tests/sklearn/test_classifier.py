"""Training, parameters and results of the classifier."""

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_sample_weight

import handgrad as hg
from fixture_types import Examples
from flowers import LABELS, X, quick, y
from handgrad.kernels.sparse_rows import SparseRows
from handgrad.model.scaling import Scaling


@pytest.mark.parametrize("offset", [0, 1.7e9])
def test_classes_with_names_are_learned_from_raw_numbers(offset: float) -> None:
    inputs = X + offset * np.array([0, 1, 0, 0])
    classifier = quick(epochs=50, dtype="float64").fit(inputs, y)
    assert classifier.score(inputs, y) > 0.9
    assert classifier.classes_.tolist() == ["iris", "lily", "rose"]
    probabilities = classifier.predict_proba(inputs)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_allclose(np.exp(classifier.predict_log_proba(inputs)), probabilities)
    assert (quick().fit(X, ["one"] * len(X)).predict(X) == "one").all()


def test_log_probabilities_are_finite() -> None:
    ends = np.array([[-1.0], [1.0]], np.float32)
    classifier = quick(scaling=None, learning_rate=0.1, epochs=50).fit(ends, [0, 1])
    assert np.isfinite(classifier.predict_log_proba(1000 * ends)).all()
    assert (classifier.predict_proba(1000 * ends) == 0).any()


def test_type_of_the_arithmetic() -> None:
    for dtype, given, rows, expected in (
        (None, np.float64, 99, np.float64),
        (None, np.float32, 99, np.float32),
        (None, np.float64, 100, np.float32),
        ("float64", np.float32, 100, np.float64),
        ("float32", np.float64, 99, np.float32),
    ):
        classifier = quick(dtype=dtype, epochs=1).fit(X[:rows].astype(given), y[:rows])
        assert classifier.network_.dtype == classifier.predict_proba(X).dtype == expected


def test_bytes_are_not_copied_and_learn_as_numbers(images: Examples, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels, labels = images
    seen = []

    def watch(network: hg.Network, splits: hg.Splits, **arguments: Any) -> Any:
        seen.append(splits.train.inputs)
        return hg.train(network, splits, **arguments)

    monkeypatch.setattr("handgrad.sklearn.training.train", watch)
    as_bytes = quick(learning_rate=0.001, input_shape=(28, 28)).fit(pixels, labels)
    assert np.shares_memory(seen[0], pixels)
    as_numbers = quick(scaling=None, learning_rate=0.001).fit(pixels.astype(np.float32) / 255, labels)
    np.testing.assert_allclose(as_bytes.loss_curve_, as_numbers.loss_curve_, rtol=1e-3)
    as_floats = as_bytes.predict_proba(pixels[:9].astype(float))
    np.testing.assert_allclose(as_floats, as_bytes.predict_proba(pixels[:9]), rtol=1e-4)
    with pytest.raises(hg.HandgradError, match="trained on bytes"):
        as_bytes.predict(pixels[:9] / 255)


@pytest.mark.parametrize(
    ("dtype", "largest", "shape", "scaling", "for_bytes"),
    [
        (np.uint8, 255, (2, 2), "auto", True),
        (np.uint8, 1, (1, 2, 2), "auto", True),
        (np.uint8, 255, (2, 2), "standard", False),
        (np.uint8, 255, None, "auto", False),
        (np.uint8, 255, 4, "auto", False),
        (np.int64, 255, (2, 2), "auto", False),
    ],
)
def test_bytes_of_images_are_pixels_whatever_their_values(
    dtype: Any, largest: int, shape: Any, scaling: str, for_bytes: bool
) -> None:
    inputs = largest * (np.median(X, axis=0) < X).astype(dtype)
    found = quick(scaling=scaling, input_shape=shape).fit(inputs, y).network_.scaling
    assert found is not None
    assert (found.for_bytes, found.divisor.shape) == (for_bytes, () if for_bytes else (4,))


def test_sparse_inputs_give_the_same_as_dense_ones() -> None:
    holed = np.where(np.median(X) > X, 0, X)
    found = quick().fit(sparse.csc_array(holed), y).predict_proba(sparse.coo_array(holed))
    blocks = quick().fit(sparse.bsr_matrix(holed), y)
    np.testing.assert_allclose(found, blocks.predict_proba(holed), rtol=1e-5)
    divided = Scaling.learned(SparseRows.of(holed))
    np.testing.assert_allclose(found, quick(scaling=divided).fit(holed, y).predict_proba(holed), rtol=1e-4)


def test_results_of_training(capsys: pytest.CaptureFixture[str]) -> None:
    classifier = quick(verbose=1).fit(X[:90], y[:90], X_val=X[90:], y_val=y[90:])
    assert capsys.readouterr().out.count("validation loss") == 5
    assert classifier.n_iter_ == len(classifier.loss_curve_) == len(classifier.records_) == 5
    assert classifier.loss_ == classifier.loss_curve_[-1] < classifier.loss_curve_[0]
    loss, scores = classifier.records_[-1].validation_loss, classifier.validation_scores_ or []
    assert loss == pytest.approx(log_loss(y[90:], classifier.predict_proba(X[90:])), rel=1e-5)
    assert scores[-1] == pytest.approx(classifier.score(X[90:], y[90:]))
    assert classifier.best_epoch_ is classifier.best_validation_score_ is None
    unvalidated = quick().fit(X[:90], y[:90])
    assert unvalidated.validation_scores_ is None
    np.testing.assert_array_equal(classifier.predict(X), unvalidated.predict(X))
    assert capsys.readouterr().out == ""


def test_early_stopping_restores_the_best_parameters() -> None:
    noise = np.random.default_rng(0).permutation(y)
    classifier = quick(early_stopping=True, patience=3, epochs=200, learning_rate=0.05)
    records = classifier.fit(X, y, X_val=X, y_val=noise).records_
    curve = [record.validation_loss or np.inf for record in records]
    assert classifier.best_epoch_ == 1 + int(np.argmin(curve)) == len(curve) - 3
    assert log_loss(noise, classifier.predict_proba(X)) == pytest.approx(min(curve), rel=1e-5)
    assert classifier.best_validation_score_ == pytest.approx(classifier.score(X, noise))
    held_out = quick(early_stopping=True, epochs=3, monitor="validation_accuracy").fit(X, y)
    assert held_out.best_validation_score_ == max(held_out.validation_scores_ or [])


def test_callbacks_see_the_classifier_and_end_training() -> None:
    scores = []

    def score(classifier: hg.HandgradClassifier, record: hg.Record) -> None:
        scores.append((record.epoch, classifier.score(X, y)))

    classifier = quick(callbacks=[score, lambda _, record: record.epoch == 3], epochs=100).fit(X, y)
    assert [epoch for epoch, _ in scores] == [1, 2, 3]
    assert scores[-1][1] == classifier.score(X, y)
    assert quick(callbacks=lambda *_: 7, epochs=4).fit(X, y).n_iter_ == 4  # only True ends it


def test_interrupted_training_can_predict() -> None:
    classifier = quick(callbacks=[Mock(side_effect=[None, KeyboardInterrupt])])
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(X, y)
    assert classifier.n_iter_ == 2
    np.testing.assert_array_equal(classifier.predict(X), quick(epochs=2).fit(X, y).predict(X))


def test_weights_of_examples_and_classes() -> None:
    held_out = quick(validation_fraction=0.3, learning_rate=0.05, epochs=30)
    assert set(held_out.fit(X, y, sample_weight=y != "lily").predict(X)) == {"iris", "rose"}
    rare = np.r_[np.flatnonzero(y == "iris")[:5], np.flatnonzero(y != "iris")]
    counts = []
    for weight in (None, "balanced", {"iris": 1000.0}):
        classifier = quick(class_weight=weight, learning_rate=0.001, epochs=30).fit(X[rare], y[rare])
        counts.append((classifier.predict(X) == "iris").sum())
    assert counts[0] < counts[1] < counts[2]


@pytest.mark.parametrize("parameters", [{}, {"optimizer": "sgd"}, {"validation_fraction": 0.3}])
def test_weights_of_classes_are_those_of_their_examples(parameters: dict[str, Any]) -> None:
    weights, mapping = np.array([1.0, 7.0, 0.5])[LABELS], {"lily": 7.0, "rose": 0.5}
    by_class = quick(class_weight=mapping, **parameters).fit(X, y)
    by_example = quick(**parameters).fit(X, y, sample_weight=3 * weights)
    np.testing.assert_allclose(by_class.predict_proba(X), by_example.predict_proba(X), rtol=1e-6)
    balanced = quick(class_weight="balanced", **parameters).fit(X[1:], y[1:], sample_weight=weights[1:])
    product = compute_sample_weight("balanced", y[1:]) * weights[1:]
    same = quick(**parameters).fit(X[1:], y[1:], sample_weight=product)
    np.testing.assert_allclose(balanced.predict_proba(X), same.predict_proba(X), rtol=1e-6)


@pytest.mark.parametrize("shape", [None, 784, (28, 28), (1, 28, 28)])
def test_shape_of_an_example(images: Examples, shape: Any) -> None:
    network = quick(epochs=1, input_shape=shape).fit(*images).network_
    assert network.example_shape == (shape if isinstance(shape, tuple) else (784,))
    assert network.input_shape == (784,)
    assert network.framing == ("plain" if shape is None else "digit")


GELU = {"hidden": (8, 6), "activation": hg.GELU(), "dropout": 0.5}


@pytest.mark.parametrize(
    ("parameters", "layers"),
    [
        ({"hidden": ()}, []),
        ({"hidden": np.array([8]), "activation": "logistic"}, [hg.Dense(8), hg.Sigmoid()]),
        ({"hidden": 4, "activation": None}, [hg.Dense(4)]),
        (GELU, [hg.Dense(8), hg.GELU(), hg.Dropout(0.5), hg.Dense(6), hg.GELU(), hg.Dropout(0.5)]),
        ({"layers": [hg.Dense(4), hg.Maxout(2)]}, [hg.Dense(4), hg.Maxout(2)]),
    ],
)
def test_layers_of_the_network(parameters: dict[str, Any], layers: list[hg.Layer]) -> None:
    assert quick(**parameters).fit(X, y).network_.layers == (*layers, hg.Dense(3))


def test_convolution_and_augmentation(images: Examples) -> None:
    layers = [hg.Conv2D(4, kernel_size=5, stride=2), hg.ReLU(), hg.Flatten()]
    augmentation = hg.Augmentation(shift=1)
    classifier = quick(layers=layers, input_shape=(1, 28, 28), augmentation=augmentation, batch_size=16)
    assert classifier.fit(*images).score(*images) > 0.7


@pytest.mark.parametrize(
    "parameters",
    [
        {"optimizer": hg.Momentum(momentum=0.8), "weight_decay": 0.1},
        {"schedule": "one_cycle"},
        {"averaging": "exponential_average"},
        {"label_smoothing": 0.2},
        {"scaling": hg.Scaling(np.zeros(4), np.ones(4))},
        {"batch_size": np.int64(7), "epochs": np.int32(2)},
    ],
)
def test_other_parameters_change_the_result(parameters: dict[str, Any]) -> None:
    usual = quick().fit(X, y).predict_proba(X)
    assert not np.array_equal(quick(**parameters).fit(X, y).predict_proba(X), usual)


def test_saved_models_predict_the_same(images: Examples, tmp_path: Path) -> None:
    for inputs, labels in ((X, y), images):
        classifier = quick().fit(inputs, [f"a {label}" for label in labels])
        hg.save_model(classifier, tmp_path / "model.safetensors")
        network = hg.load_model(tmp_path / "model.safetensors")
        np.testing.assert_array_equal(network.predict_proba(inputs), classifier.predict_proba(inputs))
        assert network.classes == tuple(classifier.classes_)
