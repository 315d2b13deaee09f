// A new network of dense layers with ReLU between them, initialized as He et al. propose ("Delving deep into rectifiers", 2015).

import { build } from "handgrad/model/layers.js";
import { Random } from "handgrad/worker/random.js";

const MOST_UNITS = 10_000;

/**
 * @param {number[]} hidden  units of the hidden layers
 * @param {number} seed
 * @returns {Object} the parts of a `Network` that classifies images of 784 bytes as digits
 */
export function freshParts(hidden, seed) {
  if (hidden.some((units) => units > MOST_UNITS)) throw new Error(`hidden layers of the page have ${MOST_UNITS} units at most`);
  const random = new Random(seed);
  const classes = [..."0123456789"];
  const descriptions = [
    ...hidden.flatMap((units) => [{ type: "Dense", units }, { type: "ReLU" }]),
    { type: "Dense", units: classes.length },
  ];
  let inputShape = [784];
  const layers = descriptions.map((description) => {
    const [inputs] = inputShape;
    const tensor = (name) => {
      if (name === "biases") return { shape: [description.units], values: new Float32Array(description.units) };
      const values = Float32Array.from({ length: description.units * inputs }, () => random.normal(0, Math.sqrt(2 / inputs)));
      return { shape: [description.units, inputs], values };
    };
    const layer = build(description, inputShape, tensor);
    inputShape = layer.outputShape;
    return layer;
  });
  const form = {
    input_shape: [784],
    example_shape: [1, 28, 28],
    framing: "digit",
    features: [],
    classes,
    task: "classification",
    recipe: null,
    layers: descriptions,
  };
  const metadata = {
    format: "handgrad 1",
    ...Object.fromEntries(Object.entries(form).map(([key, value]) => [key, JSON.stringify(value)])),
  };
  const scaling = { shift: new Float64Array(1), divisor: Float64Array.of(255) };
  return {
    classes,
    inputShape: [784],
    exampleShape: [1, 28, 28],
    features: [],
    framing: "digit",
    recipe: null,
    task: "classification",
    scaling,
    targetScaling: null,
    layers,
    metadata,
  };
}
