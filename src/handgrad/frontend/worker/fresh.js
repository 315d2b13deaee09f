// A new network of dense layers with ReLU between them, initialized as He et al. propose ("Delving deep into rectifiers", 2015).

import { DIGITS } from "handgrad/facts.js";
import { FORMAT, partsOf } from "handgrad/model/model_file.js";
import { size } from "handgrad/model/shapes.js";
import { Random } from "handgrad/worker/random.js";

const MOST_UNITS = 10_000;
const IMAGES = { input_shape: [784], example_shape: [1, 28, 28], framing: "digit", features: [], task: "classification", recipe: null };

/**
 * @param {number[]} hidden  units of the hidden layers
 * @param {number} seed
 * @returns {import("handgrad/model/model_file.js").Parts} a network that classifies images of 784 bytes as digits
 */
export function freshParts(hidden, seed) {
  if (hidden.some((units) => units > MOST_UNITS)) throw new Error(`hidden layers of the page have ${MOST_UNITS} units at most`);
  const random = new Random(seed);
  const layers = [...hidden.flatMap((units) => [{ type: "Dense", units }, { type: "ReLU" }]), { type: "Dense", units: DIGITS.length }];
  const described = Object.entries({ ...IMAGES, classes: DIGITS, layers }).map(([key, value]) => [key, JSON.stringify(value)]);
  const value = ([, inputs]) => (inputs ? random.normal(0, Math.sqrt(2 / inputs)) : 0); // biases are 0
  const tensor = (_, shape) => ({ shape, values: Float32Array.from({ length: size(shape) }, () => value(shape)) });
  const scaling = { shift: new Float64Array(1), divisor: Float64Array.of(255) };
  return { ...partsOf({ format: FORMAT, ...Object.fromEntries(described) }, tensor), scaling, targetScaling: null };
}
