// The columns of a table: their inputs, what a network takes for their values, and the effects of these.

import { size } from "handgrad/model/shapes.js";

/**
 * Group the inputs of a network by column, as data/columns.py names them.
 * @returns {Object[]}  {name, inputs: number[], number: its input with the number or undefined, names: Map(name → input)};
 *   the input of the name "" is 1 where the value is missing
 */
export function columnsOf({ features, inputShape }) {
  const columns = new Map();
  for (let input = 0; input < size(inputShape); input++) {
    const feature = features[input] ?? `input ${input + 1}`;
    const end = feature.indexOf("="); // separates a column from one of its names
    const name = end < 0 ? feature : feature.slice(0, end);
    if (!columns.has(name)) columns.set(name, { name, inputs: [], names: new Map() });
    const column = columns.get(name);
    column.inputs.push(input);
    if (end < 0) column.number = input;
    else column.names.set(feature.slice(end + 1), input);
  }
  return [...columns.values()];
}

/** The mean of an input in the training data, and what its deviation from it is divided by. */
export function scaleOf({ scaling }, input) {
  const { shift, divisor } = scaling ?? { shift: [0], divisor: [1] };
  return { mean: shift[input % shift.length], divisor: divisor[input % divisor.length] };
}

/**
 * Compute the raw inputs of a network.
 * @param {Object[]} columns  from `columnsOf`
 * @param {(number|string)[]} values  of each column; "" is missing
 * @returns {Float64Array} I values
 */
export function rawInputs(network, columns, values) {
  const raw = new Float64Array(size(network.inputShape));
  columns.forEach(({ number, names }, k) => {
    if (number !== undefined) raw[number] = values[k] === "" ? scaleOf(network, number).mean : values[k];
    if (number === undefined || values[k] === "") raw[names.get(values[k])] = 1;
  });
  return raw;
}

/**
 * Compute how much the prediction changes by each column: minus that with the means of the training data in its place.
 * @returns {number[]} of a probability, or of a target in units of the data
 */
export function columnEffects(network, columns, raw, output) {
  const inputs = raw.length;
  const rows = new Float64Array((columns.length + 1) * inputs);
  for (let row = 0; row <= columns.length; row++) rows.set(raw, row * inputs);
  columns.forEach((column, k) => column.inputs.forEach((input) => (rows[(k + 1) * inputs + input] = scaleOf(network, input).mean)));
  const predictions = network.predict(rows, columns.length + 1);
  return columns.map((_, k) => predictions[output] - predictions[(k + 1) * network.classes.length + output]);
}
