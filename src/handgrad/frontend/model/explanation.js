// One example step by step: every array of a training step, under the names of `hg.explain`, with its formula, its code,
// and the sum behind each entry. The numbers are those of the network's training step; the rest are declarations.

import { FUNCTIONS, INPUTS, LAYERS, RESULTS, UPDATE } from "handgrad/generated/layers.js";
import { derive, visit } from "handgrad/model/derivation.js";
import { size } from "handgrad/model/shapes.js";

/**
 * @typedef {import("handgrad/model/derivation.js").Values} Values
 * @typedef {{name: string, place: number|"input"|"loss"|"prediction", direction: "forward"|"backward"|"update",
 *   formula: string, shape: number[], values: ArrayLike<number>, declared: Object, scope: Object,
 *   names: Record<string, string>, sources: string[]}} Step
 *   `place` is the index of the layer; `names` are those of the arrays in the scope; `sources` those that are used
 * @typedef {{steps: Step[], arrays: Record<string, Values>, updated: Record<string, Values>[]}} Explanation
 *   `updated` are the parameters of each layer after the update
 */

/**
 * Explain one example.
 * @param {Object} network
 * @param {ArrayLike<number>} raw
 * @param {number} label  class, label or target
 * @param {number} rate  the learning rate of the update
 * @returns {Explanation}
 */
export function explain(network, raw, label, rate) {
  const training = network.trainingStep(raw, label);
  const layers = nameLayers(network);
  const [steps, arrays, updated] = [[], {}, layers.map(() => ({}))];
  const add = (name, place, direction, array, declared, scope, names, words = names) => {
    const formula = declared.formula.replace(/\{(\w+)\}/g, (_, word) => words[word]);
    const used = new Set();
    visit(declared.tree, ([kind, key]) => kind === "[]" && names[key] && used.add(names[key]));
    arrays[name] = array;
    steps.push({ name, place, direction, formula, ...array, declared, scope, names, sources: [...used] });
  };
  const addOf = (index, key, name, direction, array) => {
    const { formula, ...declared } = LAYERS[network.layers[index].type].arrays[key];
    const { scope, names, words } = layers[index];
    add(name, index, direction, array, { ...declared, formula: `${name} = ${formula}` }, scope, names, words);
  };

  let x = batch(network.inputShape, training.x);
  const { shift, divisor } = network.scaling ?? { shift: [0], divisor: [1] };
  const inputs = { raw: filled(x.shape, raw), shift: filled(x.shape, shift), divisor: filled(x.shape, divisor) };
  const kind = !network.scaling ? "unscaled" : network.forBytes ? "bytes" : "standardized";
  Object.assign(arrays, inputs);
  add("x", "input", "forward", x, INPUTS[kind], inputs, { raw: "raw", shift: "shift", divisor: "divisor" });
  for (const [index, layer] of layers.entries()) {
    const { y, argmax } = training.layers[index];
    layer.scope = scopeOf(network.layers[index], x, y, argmax);
    for (const [key, array] of Object.entries(layer.parameters)) arrays[layer.names[key]] = array;
    x = layer.scope.y;
    addOf(index, "y", layer.names.y, "forward", x);
  }

  const z = layers.at(-1).names.y;
  const { task, targetScaling, classes } = network;
  const results = resultScope(network, training, label, x);
  const place = task === "regression" ? "prediction" : "loss";
  for (const [key, declared] of Object.entries(RESULTS[task === "regression" && targetScaling ? "scaled regression" : task])) {
    const [name, direction] = key === "dz" ? [`d${z}`, "backward"] : [key, "forward"];
    const names = { z, probabilities: "probabilities" };
    add(name, place, direction, results[key], declared, results, names, { z, target: classes[label] });
  }

  let dy = results.dz;
  for (const index of [...layers.keys()].reverse()) {
    const { scope, names } = layers[index];
    scope.dy = dy;
    const { dx, gradients } = training.layers[index];
    for (const [key, gradient] of Object.entries(gradients)) addOf(index, key, `d${names[key]}`, "backward", gradient);
    dy = batch(network.layers[index].inputShape, dx);
    addOf(index, "x", `d${names.x}`, "backward", dy);
  }
  for (const [index, { names, parameters }] of layers.entries()) {
    for (const [key, gradient] of Object.entries(training.layers[index].gradients)) {
      const parameter = parameters[key];
      const scope = { parameter, gradient, rate };
      const after = { ...parameter, values: Float64Array.from(parameter.values, (value, k) => value - rate * gradient.values[k]) };
      const words = { parameter: names[key], gradient: `d${names[key]}` };
      updated[index][key] = after;
      if (task !== "regression") add(`${names[key]}_new`, index, "update", after, UPDATE, scope, words);
    }
  }
  return { steps, arrays, updated };
}

/**
 * Derive one entry of a step.
 * @param {Step} step
 * @param {number[]} index
 * @returns {import("handgrad/model/derivation.js").Derivation} with the names of the arrays in the network
 */
export function trace({ declared, scope, names }, index) {
  const derivation = derive(declared, scope, index, { ...names, flat: "flat" });
  const named = (each) => ({ ...each, uses: Object.fromEntries(Object.entries(each.uses).map(([key, offsets]) => [names[key], offsets])) });
  return { ...named(derivation), terms: derivation.terms.map(named) };
}

/** The function of the library that computes a step: its file, its numbered lines, and the lines that compute it. */
export const codeOf = ({ declared }) =>
  declared.function ? { name: declared.function, ...FUNCTIONS[declared.function], marked: declared.lines } : null;

const batch = (shape, values) => ({ shape: [1, ...shape], values });

/** An array of this shape with values, or with one value, that repeats. */
const filled = (shape, values) => ({ shape, values: Float64Array.from({ length: size(shape) }, (_, k) => values[k % values.length]) });

/** The arrays of each layer by their names in the network; a name that is taken gets a prime. */
function nameLayers(network) {
  const taken = new Set(["x", "loss", "probabilities"]);
  let [x, number] = ["x", 0];
  return network.layers.map((layer) => {
    const symbol = LAYERS[layer.type].symbol || layer.type.toLowerCase();
    const parameters = { ...layer.parameters, ...layer.statistics };
    const own = [symbol, ...Object.keys(parameters)];
    number += Number(symbol === "z");
    let n = String(number);
    while (own.some((name) => taken.has(name + n))) n += "′";
    for (const name of own) taken.add(name + n);
    const y = symbol + n;
    const names = { x, y, dy: `d${y}`, flat: x, ...Object.fromEntries(Object.keys(parameters).map((name) => [name, name + n])) };
    const words = { ...layer, x, y, n };
    x = y;
    return { names, words, parameters };
  });
}

/** What the formulas of a layer name: its numbers, parameters, statistics, input and output, and orders of entries. */
function scopeOf(layer, x, y, argmax) {
  const numbers = Object.entries(layer).filter(([, value]) => typeof value === "number");
  const scope = { ...Object.fromEntries(numbers), ...layer.parameters, ...layer.statistics, x, y: batch(layer.outputShape, y) };
  if (layer.pool_size) scope.step = layer.stride || layer.pool_size;
  if (argmax) scope.argmax = batch(layer.outputShape, argmax);
  if (layer.type !== "Flatten") return scope;
  return { ...scope, flat: batch([x.values.length], x.values), position: { shape: x.shape, values: x.values.map((_, k) => k) } };
}

function resultScope({ targetScaling, classes }, { prediction, loss, dlogits }, label, z) {
  const { shift, divisor } = targetScaling ?? { shift: [0], divisor: [1] };
  const predictions = { shape: z.shape, values: prediction };
  const numbers = { label, target: label, largest: Math.max(...z.values) };
  const gradient = { loss: { shape: [], values: [loss] }, dz: { shape: z.shape, values: dlogits } };
  const scales = { shift: filled([classes.length], shift), divisor: filled([classes.length], divisor) };
  return { z, predictions, probabilities: predictions, ...numbers, ...gradient, ...scales };
}
