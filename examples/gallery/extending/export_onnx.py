"""
Export to ONNX and compare
==========================

Does an exported network predict the same elsewhere? Run it with onnxruntime, without handgrad.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
import onnxruntime

import handgrad as hg

digits = hg.load_data("strokes:4000")
layers = [hg.Conv2D(8, kernel_size=5, stride=2), hg.ReLU(), hg.Flatten(), hg.Dense(10)]
network = hg.Network(layers, input_shape=(1, 28, 28), rng=0)
hg.fit(network, digits, optimizer=hg.Adam(0.003), batch_size=32, epochs=3, seed=0)

# %%
# The file takes pixels as the data set has them: the scaling is part of the model.

with TemporaryDirectory() as folder:
    file = Path(folder) / "digits.onnx"
    hg.export(network, file)
    session = onnxruntime.InferenceSession(file)
for value in (*session.get_inputs(), *session.get_outputs()):
    print(value.name, value.shape, value.type)

# %%
# Both compute in float32. Their sums have another order, so that the last digits differ.

inputs = digits.test.inputs
logits, probabilities = session.run(["logits", "probabilities"], {"input": inputs})
difference = abs(probabilities - network.predict_proba(inputs)).max(axis=1)
same = (probabilities.argmax(axis=1) == network.predict(inputs)).mean()
print(f"largest difference of a probability {difference.max():.0e}, same prediction for {same:.0%}")

figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.4), layout="constrained")
left.plot(network.logits(inputs).ravel(), logits.ravel(), ".", markersize=2)
left.set(xlabel="logits of handgrad", ylabel="logits of onnxruntime")
right.hist(np.log10(difference + 1e-10), bins=30)
right.set(xlabel="largest difference of a probability, log10", ylabel="test digits")
plt.show()
