"""A table with numbers, categories, missing values and class names: ``uv run python examples/table.py [CSV]``.

The column `label` has the classes. Without a table, the example generates one, runs/plants.csv. The trained pipeline
is written beside it, as a model file and for C.
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl
import polars.selectors as cs
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.metrics import classification_report
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import handgrad as hg


def write_plants(path: Path, rows: int = 600) -> None:
    """Write a table of measurements of three plants, with missing values."""
    rng = np.random.default_rng(1)
    kind = rng.integers(3, size=rows)
    table = pl.DataFrame(
        {
            "height": np.round(rng.normal(np.array([35, 60, 42])[kind], 9), 1),
            "flowers": rng.poisson(np.array([12, 5, 7])[kind]),
            "soil": np.array(["sand", "loam", "clay"])[(kind + (rng.random(rows) < 0.3)) % 3],
            "leaf": np.where(rng.random(rows) < np.array([0.9, 0.4, 0.1])[kind], "narrow", "broad"),
            "label": np.array(["lavender", "peony", "sage"])[kind],
        }
    )
    gaps = [pl.when(pl.Series(rng.random(rows) > 0.05)).then(pl.col(name)) for name in table.columns[:-1]]
    path.parent.mkdir(exist_ok=True)
    table.with_columns(gaps).write_csv(path)


def main(csv: str = "") -> None:
    """Train on three quarters of a table, and evaluate on the rest."""
    if not csv:
        csv = "runs/plants.csv"
        write_plants(Path(csv))
    table = pl.read_csv(csv)
    X, y = table.drop("label"), table["label"]
    numbers = X.select(cs.numeric()).columns
    columns = make_column_transformer(
        (SimpleImputer(strategy="median", add_indicator=True), numbers),
        (OneHotEncoder(handle_unknown="ignore"), [name for name in X.columns if name not in numbers]),
    )
    network = hg.HandgradClassifier(
        hidden=(32,), dropout=0.2, class_weight="balanced", early_stopping=True, random_state=0
    )
    pipeline = make_pipeline(columns, network)
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
    scores = cross_val_score(pipeline, X_train, y_train, cv=5)
    print(f"cross-validation: {scores.mean():.1%} ± {scores.std():.1%}")
    pipeline.fit(X_train, y_train)
    print(f"best epoch {network.best_epoch_} of {network.n_iter_}\n")
    print(classification_report(y_test, pipeline.predict(X_test)))
    for row, probabilities in zip(X_test[:3].rows(), pipeline.predict_proba(X_test[:3]), strict=True):
        answers = zip(pipeline.classes_, probabilities, strict=True)
        print(*row, "→", ", ".join(f"{name} {probability:.0%}" for name, probability in answers))
    model = Path(csv).with_suffix(".safetensors")
    hg.save_model(pipeline, model)
    hg.export(pipeline, model.with_suffix(".h"))
    print(f"\nuv run handgrad predict {model} ROWS.csv")


if __name__ == "__main__":
    main(*sys.argv[1:])
