"""
Compare learning-rate schedules
===============================

What does a schedule of the learning rate do? Train the same network with each of them.
"""

import matplotlib.pyplot as plt
import numpy as np

import handgrad as hg

digits = hg.load_data("strokes:5000").split_validation(1000, np.random.default_rng(0))
schedules = {
    "constant": hg.Constant(),
    "step decay": hg.StepDecay(drop=0.2),
    "cosine": hg.Cosine(),
    "one cycle": hg.OneCycle(),
}

# %%
# A schedule multiplies the learning rate of the optimizer by a factor, which depends on the progress of the training.

figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.4), layout="constrained")
steps = np.arange(500)
for name, schedule in schedules.items():
    left.plot(steps / 5, [schedule(step, 500) for step in steps], label=name)
    network = hg.Network([hg.Dense(64), hg.ReLU(), hg.Dense(10)], input_shape=784, rng=0)
    options = {"optimizer": hg.Adam(0.01), "schedule": schedule, "batch_size": 32}
    records = hg.fit(network, digits, **options, epochs=12, seed=0)
    errors = [100 * (1 - record.validation_accuracy) for record in records]
    right.plot(range(1, 13), errors, marker="o", label=name)
    print(f"{name:10}  {records[-1].validation_accuracy:.1%} correct")
left.set(xlabel="progress of the training in %", ylabel="factor of the learning rate")
right.set(xlabel="epoch", ylabel="validation error in %")
right.legend()
plt.show()

# %%
# Large steps at first cover distance. Small steps at the end reduce the noise of the mini-batches: with a constant
# rate the error fluctuates to the end.
