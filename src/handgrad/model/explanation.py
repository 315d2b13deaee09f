"""The result of `explain`: the arrays of one example on its way through a network and back."""

import re
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError, suggest
from handgrad.kernels.types import Floats
from handgrad.model.derivation import Derivation, EntryFormula


@dataclass(frozen=True, eq=False)
class Step:
    """One array of an `Explanation`.

    Parameters
    ----------
    name : str
        E.g. ``"z1"``, ``"weights1"``, or ``"dz1"`` for the gradient of the loss with respect to z1.
    layer : str
        Index and class of the layer, e.g. ``"0 Dense"``, or ``"input"``, ``"loss"`` or ``"prediction"``.
    direction : {"forward", "backward"}
        Whether the array is computed on the way forward or back.
    formula : str
        How it is computed, e.g. ``"z1 = x weights1ᵀ + biases1"``.
    values : array of float64
        The array. Its first axis is one example, except for parameters and their gradients. The loss is a number.
    entry : EntryFormula, optional
        Index formula of its entries, for `Explanation.trace`.

    See Also
    --------
    explain : Compute all steps.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> layers = [hg.Dense(3), hg.ReLU(), hg.Dense(2)]
    >>> network = hg.Network(layers, input_shape=4, rng=0)
    >>> explanation = hg.explain(network, np.ones(4), label=0)
    >>> for step in explanation.steps[-3:]:
    ...     print(f"{step.name:9} {step.values.shape}  {step.formula}")
    dweights1 (3, 4)  dweights1 = dz1ᵀ x
    dbiases1  (3,)  dbiases1 = Σₙ dz1
    dx        (1, 4)  dx = dz1 weights1
    """

    name: str
    layer: str
    direction: Literal["forward", "backward"]
    formula: str
    values: Floats
    entry: EntryFormula | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """The arrays of one example on its way through a network and back, as `explain` returns them.

    Parameters
    ----------
    steps : tuple of Step
        The arrays in the order of computation. The last one is ``"dx"``.
    raw : array of shape (I,)
        The example as the data set has it.
    example_shape : tuple of int
        Shape of the example.
    classes : tuple of str
        Names of the classes, labels or targets.
    label : int
        Number of the class or label whose loss is explained, or of the target.
    predicted : int
        Number of the most probable class or label, or of the target.
    task : {"classification", "multilabel", "regression"}
        Task of the network.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> layers = [hg.Dense(3), hg.ReLU(), hg.Dense(2)]
    >>> network = hg.Network(layers, input_shape=4, rng=0)
    >>> explanation = hg.explain(network, np.ones(4), label=0)
    >>> explanation["probabilities"].round(3)
    array([[0.428, 0.572]])
    >>> explanation["dz2"].round(3)
    array([[-0.572,  0.572]])
    """

    steps: tuple[Step, ...]
    raw: NDArray[np.number]
    example_shape: tuple[int, ...]
    classes: tuple[str, ...]
    label: int
    predicted: int
    task: str = "classification"

    def __getitem__(self, name: str) -> Floats:
        """Return the values of a step.

        Parameters
        ----------
        name : str
            Name of the step, e.g. ``"z1"``.

        Returns
        -------
        array of float64
            Its values.
        """
        return {step.name: step.values for step in self.steps}[name]

    def trace(self, entry: str) -> Derivation:
        r"""Derive one number of an array term by term.

        Parameters
        ----------
        entry : str
            Name of the array and indices from 0, e.g. ``"dweights1[78,425]"`` or ``"loss"``.

        Returns
        -------
        Derivation
            The formula, its terms, and the value.

        Raises
        ------
        HandgradError
            If the entry does not exist, or cannot be derived.

        Examples
        --------
        >>> import numpy as np
        >>> import handgrad as hg
        >>> layers = [hg.Dense(3), hg.ReLU(), hg.Dense(2)]
        >>> network = hg.Network(layers, input_shape=4, rng=0)
        >>> explanation = hg.explain(network, np.ones(4), label=0)
        >>> print("\n".join(explanation.trace("da1[0,2]").lines()))
        da1[0,2] = Σ[o] dz2[0,o] · weights2[o,2]
          o=0   (−0.5718) · (−1.017) = 0.5817
          o=1   0.5718 · (−0.2583)   = −0.1477
          sum   0.434
        """
        name, index = parse_entry(entry)
        steps = {step.name: step for step in self.steps}
        if name not in steps:
            raise HandgradError(f"there is no array '{name:.40}'{suggest(name, steps)}")
        step, shape = steps[name], steps[name].values.shape
        if len(index) != len(shape) or any(at >= size for at, size in zip(index, shape, strict=True)):
            raise HandgradError(f"{name} has the shape {shape}, with indices from 0; got {entry.strip():.60}")
        if step.entry is None:
            if step.formula in ("learned", "measured on training data"):
                raise HandgradError(f"{name} is {step.formula}, so there is no sum to show")
            kind = step.layer.rpartition(" ")[2]
            raise HandgradError(
                f"{kind} declares no index formula for {name}; add it to its attribute entries"
            )
        return step.entry.derive(index)

    def __repr__(self) -> str:
        steps = " → ".join(step.name for step in self.steps)
        value = f"{self.value:.6g}" if self.task == "regression" else f"{self.value:.1%}"
        return f"Explanation({self.classes[self.predicted]!r} at {value}: {steps})"

    @property
    def value(self) -> float:
        """Probability of the predicted class or label, or the predicted target in units of the data."""
        name = "predictions" if self.task == "regression" else "probabilities"
        return float(self[name][0, self.predicted])

    @property
    def input_gradient(self) -> Floats:
        """Gradient of the loss, or of the target, with respect to the inputs, in the shape of the example."""
        return self["dx"].reshape(self.example_shape)


def parse_entry(text: str) -> tuple[str, tuple[int, ...]]:
    """Read the entry of an array, e.g. ``"dweights1[0,5]"``, as its name and indices."""
    found = re.fullmatch(r"\s*([^\s\[\]]+)\s*(?:\[\s*(\d{1,9}(?:\s*,\s*\d{1,9})*)\s*\])?\s*", text)
    if not found:
        raise HandgradError(f"'{text:.60}' is not an entry of an array, e.g. dweights1[0,5]")
    return found[1], tuple(map(int, re.findall(r"\d+", found[2] or "")))
