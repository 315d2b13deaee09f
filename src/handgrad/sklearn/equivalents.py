"""Parameters of scikit-learn's networks that have another name here."""

from collections.abc import Iterable

ADAM = "optimizer=hg.Adam(beta1=…, beta2=…, epsilon=…)"
EQUIVALENTS = {
    "hidden_layer_sizes": "use hidden",
    "solver": "use optimizer",
    "alpha": "use weight_decay",
    "learning_rate_init": "use learning_rate",
    "power_t": "use schedule",
    "max_iter": "use epochs",
    "shuffle": "examples are always shuffled, unless batch_size='all'",
    "n_iter_no_change": "use patience",
    "momentum": "use optimizer=hg.Momentum(momentum=…)",
    "nesterovs_momentum": "use optimizer='nesterov'",
    "beta_1": f"use {ADAM}",
    "beta_2": f"use {ADAM}",
    "epsilon": f"use {ADAM}",
    "max_fun": "L-BFGS is not available",
}
"""For each parameter of MLPClassifier and MLPRegressor that the estimators do not have, what to do instead."""

SCHEDULES = {"constant": "None", "adaptive": "'reduce_on_plateau'", "invscaling": "'exponential'"}
"""For each value of their `learning_rate` that of `schedule` which is most like it."""


def equivalent(estimator: str, names: Iterable[str]) -> str | None:
    """Return what is wrong where one of the names is a parameter of scikit-learn's networks only."""
    for name in names:
        if name in EQUIVALENTS:
            return f"{estimator} has no parameter {name}, as scikit-learn's MLP has: {EQUIVALENTS[name]}"
    return None
