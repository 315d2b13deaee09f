"""The classifier at work: what it learns, on what, and what it tells."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.metrics import log_loss

import handgrad as hg
from fixture_types import Examples
from handgrad.training.metrics import evaluate


def quick(**parameters: Any) -> hg.HandgradClassifier:
    return hg.HandgradClassifier(**{"hidden": 16, "epochs": 5, "random_state": 0} | parameters)


def scaling(classifier: hg.HandgradClassifier) -> hg.Scaling:
    found = classifier.network_.scaling
    assert found is not None
    return found


def test_it_learns_classes_with_names_from_raw_numbers(flowers: Examples) -> None:
    X, y = flowers
    classifier = quick(learning_rate=0.01, epochs=50).fit(X, y)
    assert classifier.score(X, y) > 0.9
    assert classifier.classes_.tolist() == ["iris", "lily", "rose"]
    assert set(classifier.predict(X)) == {"iris", "lily", "rose"}
    probabilities = classifier.predict_proba(X)
    assert probabilities.dtype == np.float64
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_allclose(np.exp(classifier.predict_log_proba(X)), probabilities)


def test_log_probabilities_stay_finite() -> None:
    X = np.array([[-1.0], [1.0]], np.float32)
    classifier = quick(scaling=None, learning_rate=0.1, epochs=50).fit(X, [0, 1])
    assert np.isfinite(classifier.predict_log_proba(1000 * X)).all()
    assert (classifier.predict_proba(1000 * X) == 0).any()


def test_inputs_far_from_zero_keep_what_distinguishes_them(flowers: Examples) -> None:
    X, y = flowers
    far = quick(learning_rate=0.01, epochs=50).fit(X + 1.7e9 * np.array([0, 1, 0, 0]), y)
    assert far.score(X + 1.7e9 * np.array([0, 1, 0, 0]), y) > 0.9


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_keep_their_type(flowers: Examples, dtype: Any) -> None:
    X, y = flowers
    classifier = quick().fit(X.astype(dtype), y)
    assert classifier.network_.dtype == classifier.predict_proba(X).dtype == dtype
    assert quick(dtype="float32").fit(X.astype(dtype), y).network_.dtype == np.float32


def test_bytes_stay_bytes(images: Examples, monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = images
    seen = []

    def watch(network: hg.Network, splits: hg.Splits, **arguments: Any) -> Any:
        seen.append(splits.train)
        return hg.train(network, splits, **arguments)

    monkeypatch.setattr("handgrad.sklearn.session.train", watch)
    classifier = quick(epochs=1).fit(X, y)
    assert seen[0].inputs.dtype == np.uint8
    assert np.shares_memory(seen[0].inputs, X)
    assert scaling(classifier).for_bytes
    assert classifier.network_.example_shape == (1, 28, 28)


def test_bytes_learn_what_the_same_numbers_from_0_to_1_learn(images: Examples) -> None:
    X, y = images
    as_bytes = quick().fit(X, y)
    as_numbers = quick(scaling=None).fit(X.astype(np.float32) / 255, y)
    np.testing.assert_allclose(as_bytes.loss_curve_, as_numbers.loss_curve_, rtol=1e-3)


def test_small_bytes_are_no_pictures(flowers: Examples) -> None:
    X, y = flowers
    above = (np.median(X, axis=0) < X).astype(np.uint8)
    for small in (above, 127 * above):
        assert scaling(quick().fit(small, y)).divisor.shape == (4,)
    assert scaling(quick().fit(128 * above, y)).for_bytes
    assert scaling(quick(scaling="standard").fit(128 * above, y)).divisor.shape == (4,)


def test_trained_on_bytes_it_refuses_what_is_scaled_already(images: Examples) -> None:
    X, y = images
    classifier = quick(epochs=1).fit(X, y)
    np.testing.assert_allclose(
        classifier.predict_proba(X[:9].astype(float)), classifier.predict_proba(X[:9]), rtol=1e-4
    )
    with pytest.raises(hg.HandgradError, match="trained on bytes"):
        classifier.predict(X[:9] / 255)


def test_sparse_inputs_give_what_dense_ones_do(flowers: Examples) -> None:
    X, y = flowers
    X = np.where(np.median(X) > X, 0, X)
    for kind in (sparse.csr_matrix, sparse.csc_array, sparse.coo_array):
        classifier = quick().fit(kind(X), y)
        np.testing.assert_array_equal(classifier.predict_proba(kind(X)), quick().fit(X, y).predict_proba(X))


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames_name_their_inputs(flowers: Examples, frame: Any) -> None:
    X, y = flowers
    names = ["a", "b", "c", "d"]
    table = frame(dict(zip(names, X.T, strict=True)))
    series = pd.Series(y) if frame is pd.DataFrame else pl.Series(y)
    classifier = quick().fit(table, series)
    assert classifier.feature_names_in_.tolist() == names
    np.testing.assert_array_equal(classifier.predict(table), quick().fit(X, y).predict(X))
    with pytest.raises(ValueError, match="feature names should match"):
        classifier.predict(table[["b", "a", "c", "d"]])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        classifier.predict(X)


def test_a_copy_and_a_pickle_are_the_same(flowers: Examples) -> None:
    X, y = flowers
    classifier = quick(warm_start=True, dropout=0.1).fit(X, y)
    other = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(other.predict_proba(X), classifier.predict_proba(X))
    np.testing.assert_array_equal(other.fit(X, y).predict_proba(X), classifier.fit(X, y).predict_proba(X))
    assert not hasattr(clone(classifier), "network_")


def test_the_same_seed_gives_the_same_bits(flowers: Examples) -> None:
    X, y = flowers
    first, second, other = (quick(random_state=seed).fit(X, y).predict_proba(X) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


def test_what_training_tells(flowers: Examples) -> None:
    X, y = flowers
    classifier = quick(validation_fraction=0.2).fit(X, y)
    assert classifier.n_iter_ == len(classifier.loss_curve_) == len(classifier.records_) == 5
    assert classifier.loss_ == classifier.loss_curve_[-1] < classifier.loss_curve_[0]
    assert classifier.validation_loss_curve_ is not None
    assert classifier.validation_scores_ is not None
    assert len(classifier.validation_loss_curve_) == len(classifier.validation_scores_) == 5
    assert classifier.best_epoch_ is classifier.best_validation_score_ is None
    unvalidated = quick().fit(X, y)
    assert unvalidated.validation_loss_curve_ is unvalidated.validation_scores_ is None


def test_validation_is_of_the_examples_that_were_given(flowers: Examples) -> None:
    X, y = flowers
    classifier = quick().fit(X[:90], y[:90], X_val=X[90:], y_val=y[90:])
    assert classifier.validation_loss_curve_ is not None
    assert classifier.validation_scores_ is not None
    assert classifier.validation_loss_curve_[-1] == pytest.approx(
        log_loss(y[90:], classifier.predict_proba(X[90:])), rel=1e-5
    )
    assert classifier.validation_scores_[-1] == pytest.approx(classifier.score(X[90:], y[90:]))
    np.testing.assert_array_equal(classifier.predict(X), quick().fit(X[:90], y[:90]).predict(X))


def test_early_stopping_restores_the_best(flowers: Examples) -> None:
    X, y = flowers
    noise = np.random.default_rng(0).permutation(y)
    classifier = quick(early_stopping=True, patience=3, epochs=200, learning_rate=0.05)
    classifier.fit(X, y, X_val=X, y_val=noise)
    curve = classifier.validation_loss_curve_
    assert curve is not None
    assert classifier.best_epoch_ == 1 + int(np.argmin(curve)) == len(curve) - 3
    assert log_loss(noise, classifier.predict_proba(X)) == pytest.approx(min(curve), rel=1e-5)
    assert classifier.best_validation_score_ == pytest.approx(classifier.score(X, noise))
    without = quick(early_stopping=True, epochs=3, monitor="validation_accuracy").fit(X, y)
    assert without.best_validation_score_ == max(without.validation_scores_ or [])


def test_training_ends_when_the_loss_rests(flowers: Examples) -> None:
    X, y = flowers
    assert quick(tol=10.0, patience=4, epochs=50).fit(X, y).n_iter_ == 5
    assert quick(tol=None, patience=4, epochs=50).fit(X, y).n_iter_ == 50


def test_a_time_limit_ends_an_epoch_in_its_middle(flowers: Examples) -> None:
    X, y = flowers
    classifier = quick(time_limit=1e-9, epochs=100, batch_size=1).fit(X, y)
    assert classifier.n_iter_ == 1
    assert classifier.records_[0].step == 0


def test_callbacks_see_the_classifier_and_end_training(flowers: Examples) -> None:
    X, y = flowers
    scores = []

    def score(classifier: hg.HandgradClassifier, record: hg.Record) -> None:
        scores.append((record.epoch, classifier.score(X, y)))

    classifier = quick(callbacks=[score, lambda _, record: record.epoch == 3], epochs=100).fit(X, y)
    assert [epoch for epoch, _ in scores] == [1, 2, 3]
    assert scores[-1][1] == classifier.score(X, y)
    assert quick(callbacks=lambda *_: 7, epochs=4).fit(X, y).n_iter_ == 4  # only True ends it


@pytest.mark.parametrize(
    ("verbose", "shown"), [(0, ""), (1, "epoch 5 of 5"), (2, "epoch     5 of 5: loss 1.")]
)
def test_it_shows_its_progress(
    flowers: Examples, verbose: int, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    quick(verbose=verbose, validation_fraction=0.2).fit(*flowers)
    printed = capsys.readouterr().out
    assert shown in printed
    assert ("validation" in printed) == bool(verbose)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_sample_weights_are_repetitions(flowers: Examples, optimizer: str) -> None:
    X, y = flowers
    weights = np.arange(150) % 4
    weighted = quick(batch_size="all", optimizer=optimizer).fit(X, y, sample_weight=weights)
    repeated = quick(batch_size="all", optimizer=optimizer).fit(X.repeat(weights, axis=0), y.repeat(weights))
    np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), rtol=1e-6)


def test_sample_weights_stay_with_their_examples_when_some_are_set_aside(flowers: Examples) -> None:
    X, y = flowers
    classifier = quick(validation_fraction=0.3, learning_rate=0.05, epochs=30)
    assert set(classifier.fit(X, y, sample_weight=y != "lily").predict(X)) == {"iris", "rose"}


def test_the_shape_of_an_example(images: Examples) -> None:
    X, y = images
    for numbers, shape, expected in (
        (X, None, (1, 28, 28)),
        (X.astype(np.float32), None, (784,)),
        (X.astype(np.float32), (28, 28), (28, 28)),
        (X[:, :100], None, (100,)),
    ):
        network = quick(epochs=1, input_shape=shape).fit(numbers, y).network_
        assert network.example_shape == expected
        assert network.input_shape == (numbers.shape[1],)


def test_class_weights_move_the_boundary(flowers: Examples) -> None:
    X, y = flowers
    rare = np.r_[np.flatnonzero(y == "iris")[:5], np.flatnonzero(y != "iris")]
    counts = [
        (quick(class_weight=weight, epochs=30).fit(X[rare], y[rare]).predict(X) == "iris").sum()
        for weight in (None, "balanced", {"iris": 1000.0})
    ]
    assert counts[0] < counts[1] < counts[2]


def test_one_activation_and_one_dropout_for_each_layer(flowers: Examples) -> None:
    X, y = flowers
    classifier = quick(
        hidden=(8, 6, 4), activation=["tanh", hg.LeakyReLU(0.2), None], dropout=(0, 0.5, 0.1)
    ).fit(X, y)
    assert classifier.network_.layers == (
        *(hg.Dense(8), hg.Tanh()),
        *(hg.Dense(6), hg.LeakyReLU(0.2), hg.Dropout(0.5)),
        *(hg.Dense(4), hg.Dropout(0.1)),
        hg.Dense(3),
    )


def test_no_hidden_layer_is_softmax_regression(flowers: Examples) -> None:
    assert quick(hidden=()).fit(*flowers).network_.layers == (hg.Dense(3),)


def test_layers_of_ones_own_make_a_convolutional_network(images: Examples) -> None:
    X, y = images
    layers = [hg.Conv2D(4, kernel_size=5, stride=2), hg.ReLU(), hg.Flatten()]
    classifier = quick(
        layers=layers, input_shape=(1, 28, 28), augmentation=hg.Augmentation(shift=1), batch_size=16
    ).fit(X, y)
    assert classifier.network_.layers == (*layers, hg.Dense(10))
    assert classifier.score(X, y) > 0.7


@pytest.mark.parametrize(
    "parameters",
    [
        {"optimizer": "muon"},
        {"optimizer": hg.Momentum(0.8), "weight_decay": 0.1},
        {"schedule": "one_cycle"},
        {"schedule": hg.Cosine(warmup=0.1)},
        {"averaging": "exponential_average"},
        {"label_smoothing": 0.2},
        {"scaling": hg.Scaling(np.zeros(4), np.ones(4))},
        {"activation": "logistic"},
        {"batch_size": np.int64(7), "hidden": np.array([8, 4]), "epochs": np.int32(2)},
    ],
)
def test_other_parameters_train_otherwise(flowers: Examples, parameters: dict[str, Any]) -> None:
    X, y = flowers
    usual = quick().fit(X, y).predict_proba(X)
    assert not np.array_equal(quick(**parameters).fit(X, y).predict_proba(X), usual)


def test_the_network_is_a_model_of_the_library(images: Examples, tmp_path: Path) -> None:
    X, y = images
    classifier = quick().fit(X, [f"a {label}" for label in y])
    hg.save_model(classifier.network_, tmp_path / "model.safetensors")
    network = hg.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(network.predict_proba(X), classifier.predict_proba(X))
    assert network.classes == tuple(classifier.classes_)
    found = evaluate(network, hg.Dataset(X, y, network.classes, (1, 28, 28)))
    assert found.accuracy == pytest.approx(classifier.score(X, [f"a {label}" for label in y]))


def test_a_saved_table_model_scales_by_itself(flowers: Examples, tmp_path: Path) -> None:
    X, y = flowers
    classifier = quick().fit(X, y)
    hg.save_model(classifier.network_, tmp_path / "model.safetensors")
    again = hg.load_model(tmp_path / "model.safetensors").predict_proba(X)
    np.testing.assert_array_equal(again, classifier.predict_proba(X))


def test_what_ctrl_c_leaves_can_predict(flowers: Examples) -> None:
    def interrupt(_: object, record: hg.Record) -> None:
        if record.epoch == 2:
            raise KeyboardInterrupt

    X, y = flowers
    classifier = quick(callbacks=interrupt)
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(X, y)
    assert classifier.n_iter_ == 2
    np.testing.assert_array_equal(classifier.predict(X), quick(epochs=2).fit(X, y).predict(X))


def test_a_single_class_is_always_the_answer() -> None:
    X = np.random.default_rng(0).normal(size=(9, 2))
    assert (quick().fit(X, ["one"] * 9).predict(X) == "one").all()
