// One example step by step: every array of a training step, under the names of `hg.explain`, with its formula, its code,
// and the sum behind each entry. The numbers are those of the network's training step; the rest are declarations.

import { FUNCTIONS, INPUTS, LAYERS, RESULTS, UPDATE } from "handgrad/generated/layers.js";
import { derive, visit } from "handgrad/model/derivation.js";
import { size } from "handgrad/model/shapes.js";

/**
 * @typedef {import("handgrad/model/derivation.js").Values} Values
 * @typedef {{letters: string[], tree: any, formula: string, function?: string, lines?: number[]}} Declared
 * @typedef {{name: string, place: number|"input"|"loss"|"prediction", direction: "forward"|"backward"|"update",
 *   formula: string, shape: number[], values: ArrayLike<number>, declared: Declared, scope: Object,
 *   shown: Record<string, string>, sources: string[]}} Step
 *   `place` is the index of the layer; `sources` are the names of the arrays that the step is computed from
 * @typedef {{steps: Step[], arrays: Record<string, Values>}} Explanation
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
  /** @type {Explanation} */
  const explanation = { steps: [], arrays: {} };
  const add = (name, place, direction, array, declared, scope, names, words = {}) => {
    const formula = declared.formula.replace(/\{(\w+)\}/g, (_, word) => words[word] ?? names[word] ?? word);
    const used = new Set();
    visit(declared.tree, ([kind, key]) => kind === "[]" && names[key] && used.add(names[key]));
    explanation.arrays[name] = array;
    explanation.steps.push({ name, place, direction, formula, ...array, declared, scope, names, sources: [...used] });
  };
  const batch = (shape, values) => ({ shape: [1, ...shape], values });

  const x = batch(network.inputShape, training.x);
  addInput(network, raw, x, explanation.arrays, add);
  const layers = nameLayers(network);
  let previous = x;
  for (const [index, layer] of network.layers.entries()) {
    const { y, dx, argmax } = training.layers[index];
    const { names, parameters } = layers[index];
    const shape = [1, ...layer.inputShape];
    const scope = { ...layer, step: layer.stride || layer.pool_size, ...parameters, x: previous, y: batch(layer.outputShape, y) };
    Object.assign(scope, {
      flat: batch([size(shape)], previous.values),
      position: { shape, values: Int32Array.from(previous.values, (_, k) => k) },
    });
    if (argmax) scope.argmax = batch(layer.outputShape, argmax);
    layers[index].scope = keepNumbers(scope);
    for (const [key, array] of Object.entries(parameters)) explanation.arrays[names[key]] = array;
    previous = scope.y;
    layers[index].dx = batch(layer.inputShape, dx);
    layers[index].add = (key, name, direction, array) => {
      const { formula, ...declared } = LAYERS[layer.type].arrays[key];
      add(name, index, direction, array, { ...declared, formula: `${name} = ${formula}` }, layers[index].scope, names, layers[index].words);
    };
    layers[index].add("y", names.y, "forward", scope.y);
  }

  addResults(network, training, label, layers.at(-1).names.y, previous, add);
  let dy = batch([network.classes.length], training.dlogits);
  for (const [index, layer] of [...layers.entries()].reverse()) {
    layer.scope.dy = dy;
    for (const [key, values] of Object.entries(training.layers[index].gradients)) {
      layer.add(key, `d${layer.names[key]}`, "backward", { shape: layer.parameters[key].shape, values });
    }
    layer.add("x", `d${layer.names.x}`, "backward", layer.dx);
    dy = layer.dx;
  }
  for (const [index, { names, parameters }] of layers.entries()) {
    for (const [key, gradient] of Object.entries(training.layers[index].gradients)) {
      const w = parameters[key];
      const dw = { shape: w.shape, values: gradient };
      const values = Float64Array.from(w.values, (value, k) => value - rate * gradient[k]);
      const shown = { w: names[key], dw: `d${names[key]}` };
      add(`${names[key]}_new`, index, "update", { shape: w.shape, values }, UPDATE, { w, dw, rate }, shown);
    }
  }
  return explanation;
}

/**
 * Derive one entry of a step.
 * @param {Step} step
 * @param {number[]} index
 */
export function trace(step, index) {
  const derivation = derive(step.declared, step.scope, index, { ...step.names, flat: "flat" });
  const named = (uses) => Object.fromEntries(Object.entries(uses).map(([key, offsets]) => [step.names[key], offsets]));
  const terms = derivation.terms.map((term) => ({ ...term, uses: named(term.uses) }));
  return { ...derivation, terms, uses: named(derivation.uses) };
}

/** The function of the library that computes a step: its file, its numbered lines, and the lines that compute it. */
export function codeOf({ declared }) {
  return declared.function ? { name: declared.function, ...FUNCTIONS[declared.function], marked: declared.lines } : null;
}

/** Of the fields of a layer, formulas name numbers and arrays. */
function keepNumbers(scope) {
  return Object.fromEntries(Object.entries(scope).filter(([, each]) => typeof each === "number" || each?.shape));
}

/** The arrays of each layer by their names in the network; a name that is taken gets a prime. */
function nameLayers(network) {
  const taken = new Set(["x", "loss", "probabilities"]);
  let [x, number] = ["x", 0];
  return network.layers.map((layer) => {
    const symbol = LAYERS[layer.type].symbol || layer.type.toLowerCase();
    number += Number(symbol === "z");
    const parameters = { ...layer.parameters, ...layer.statistics };
    const all = [symbol, ...Object.keys(parameters)];
    let n = String(number);
    while (all.some((name) => taken.has(name + n))) n += "′";
    for (const name of all) taken.add(name + n);
    const y = symbol + n;
    const names = { x, y, dy: `d${y}`, flat: x };
    for (const name of Object.keys(parameters)) names[name] = name + n;
    const words = { ...layer, kind: layer.type, x, y, n };
    x = y;
    return { names, words, parameters };
  });
}

function addInput(network, raw, x, arrays, add) {
  arrays.raw = { shape: x.shape, values: Float64Array.from(raw) };
  const { shift, divisor } = network.scaling ?? { shift: [0], divisor: [1] };
  const spread = (values) => ({ shape: x.shape, values: Float64Array.from(x.values, (_, k) => values[k % values.length]) });
  const scope = { raw: arrays.raw, shift: spread(shift), divisor: spread(divisor) };
  const kind = !network.scaling ? "unscaled" : network.forBytes ? "bytes" : "standardized";
  if (kind === "standardized") Object.assign(arrays, { shift: scope.shift, divisor: scope.divisor });
  add("x", "input", "forward", x, INPUTS[kind], scope, { raw: "raw", shift: "shift", divisor: "divisor" });
}

function addResults(network, training, label, name, z, add) {
  const { task, targetScaling, classes } = network;
  const { shift, divisor } = targetScaling ?? { shift: [0], divisor: [1] };
  const spread = (values) => ({ shape: [classes.length], values: Float64Array.from(classes, (_, k) => values[k % values.length]) });
  const array = { shape: z.shape, values: training.prediction };
  const scope = {
    z,
    label,
    target: label,
    largest: Math.max(...z.values),
    probabilities: array,
    shift: spread(shift),
    divisor: spread(divisor),
  };
  const found = {
    probabilities: array,
    predictions: array,
    loss: { shape: [], values: [training.loss] },
    dz: { shape: z.shape, values: training.dlogits },
  };
  const names = { z: name, probabilities: "probabilities" };
  const formulas = RESULTS[task === "regression" && targetScaling ? "scaled regression" : task];
  const place = task === "regression" ? "prediction" : "loss";
  for (const [key, declared] of Object.entries(formulas)) {
    const back = key === "dz";
    add(back ? `d${name}` : key, place, back ? "backward" : "forward", found[key], declared, scope, names, { target: classes[label] });
  }
}
