"""The parameters that the estimators have in common, for their docstrings."""

PARAMETERS = """
hidden : int or sequence of int, default (256,)
    Widths of the hidden layers. With ``()`` the model is linear.
activation : str, Layer or None, default "relu"
    Activation of the hidden layers: ``"relu"``, ``"leaky_relu"``, ``"tanh"``, ``"sigmoid"``, ``"gelu"``, or an
    instance.
dropout : float, default 0
    Fraction of the outputs of each hidden layer that is dropped in training, in [0, 1).
layers : list of Layer, optional
    All layers but the output layer, instead of `hidden`, `activation` and `dropout`.
input_shape : int or tuple of int, optional
    Shape of an example; default: ``(I,)``. Convolution and augmentation need images, e.g. ``(1, 28, 28)``.
framing : {"digit", "plain"}, default "digit"
    How the saved model converts an image file to an example of `input_shape`: framed as in MNIST, or only resized.
scaling : {"auto", "standard"}, Scaling or None, default "auto"
    Scaling of the inputs. "standard" scales each input to mean 0 and standard deviation 1 over the training data, or
    of a sparse matrix to mean square 1 of its values other than 0. "auto" divides pixels by 255, and scales all other
    inputs like "standard". Pixels are bytes (uint8) with an `input_shape` of two or three numbers.
dtype : {"float32", "float64"} or None, default None
    Type of parameters and arithmetic. None is float64 for fewer than 100 examples of that type, and else float32.
optimizer : str or Optimizer, default "auto"
    Optimizer, e.g. ``hg.Adam(beta1=0.8)``, or its name for default values. "auto" is `AdamW`: with a schedule at a
    learning rate of 0.01 and with a weight decay of 20 I / N, at least 0.05 and at most 1; without one, with its
    default values.
learning_rate, weight_decay : float, optional
    Values of the optimizer; default: its own.
schedule : str, Schedule or None, default "auto"
    Factor of the learning rate over a training; None is constant. "auto" is "one_cycle" for the optimizer "auto" in
    ``fit`` without `warm_start`, and else None.
augmentation : Augmentation, optional
    Random deformation of the images of every batch.
averaging : str or Averaging, optional
    Average of the parameters over the training, which is the result.
batch_size : int or "all", default 64
    Number of examples per step.
epochs : int, default 50
    Maximum number of passes over the training data per call of ``fit``.
time_limit : float, optional
    Seconds after which ``fit`` ends with the current epoch.
tol : float, optional
    Without early stopping, training ends when the loss has not fallen by more than `tol` for `patience` epochs.
patience : int, default 10
    Number of epochs without improvement after which training ends.
early_stopping : bool, default False
    Whether to end training when validation stops improving, and to restore the best parameters.
validation_fraction : float, optional
    Fraction of the training data, in (0, 1), that is held out for validation, stratified by class; default: 0.1 with
    early stopping and without ``X_val``, else none.
monitor : {"validation_loss", "validation_accuracy"}, default "validation_loss"
    Criterion of early stopping. A regression has no accuracy.
warm_start : bool, default False
    Whether ``fit`` continues where the last call ended. With the same data and parameters and without a schedule, k
    epochs and then m more equal k + m epochs, bit for bit.
random_state : int, RandomState or None, default None
    Seed of the initial parameters, the order of the data, dropout, and the data that are held out.
threads : int, optional
    Number of threads; default: all processors, or the share of a joblib worker. The same seed and number of threads
    give the same bits.
callbacks : callable or list of callable, optional
    Functions that are called after each epoch with the estimator and its `Record`. Training ends if one returns True.
verbose : int, default 0
    1 prints a line for each epoch.
"""
