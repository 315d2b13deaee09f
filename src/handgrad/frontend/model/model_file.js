// Model files: safetensors files with the arrays of a network by name, and its description as metadata.
//
// Eight bytes with the length of the header; the header as JSON, {name: {dtype, shape, data_offsets}}; the arrays one
// after another, little-endian. Python has checked the description. What is checked here is that the file is complete,
// that its arrays fit, and that the page has its layers.

import { build } from "handgrad/model/layers/layers.js";
import { same, size } from "handgrad/model/shapes.js";

const FORMAT = "handgrad 1";
const TYPES = { F32: Float32Array, F64: Float64Array };

/**
 * Read the parts of a network.
 * @param {ArrayBuffer} buffer  a model.safetensors or checkpoint.safetensors
 * @returns {Object} the properties of a `Network`
 * @throws {Error} with one line
 */
export function readParts(buffer) {
  try {
    return parts(buffer, readHeader(buffer));
  } catch (error) {
    throw new Error(`the model file cannot be used: ${error.message}`);
  }
}

function readHeader(buffer) {
  const length = buffer.byteLength < 8 ? Infinity : Number(new DataView(buffer).getBigUint64(0, true));
  if (8 + length > buffer.byteLength) throw new Error("it is truncated, or of another kind");
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  if (header?.__metadata__?.format !== FORMAT) throw new Error(`it is not of the format '${FORMAT}'`);
  return { start: 8 + length, header };
}

function parts(buffer, { start, header }) {
  const tensor = (name, Type = Float32Array) => {
    if (!Object.hasOwn(header, name)) throw new Error(`${name} is missing`);
    const { dtype, shape, data_offsets: offsets } = header[name];
    const bytes = buffer.slice(...offsets.map((offset) => start + offset)); // a copy: arrays need alignment
    const values = Type.from(new TYPES[dtype](bytes));
    if (values.length !== size(shape) || !values.every(Number.isFinite)) throw new Error(`${name} does not hold ${size(shape)} finite numbers`);
    return { shape, values };
  };
  const description = (key) => JSON.parse(header.__metadata__[key]);
  const [inputShape, classes] = [description("input_shape"), description("classes")];
  let shape = inputShape;
  const layers = description("layers").map((each, index) => {
    const layer = build(each, shape, (name) => tensor(`layers.${index}.${name}`));
    shape = layer.outputShape;
    return layer;
  });
  if (!same(shape, [classes.length])) throw new Error(`the last layer has shape ${shape}, but there are ${classes.length} classes`);
  const [scaling, targetScaling] = ["scaling", "target_scaling"].map((name) => {
    if (!Object.hasOwn(header, `${name}.shift`)) return null;
    return { shift: tensor(`${name}.shift`, Float64Array).values, divisor: tensor(`${name}.divisor`, Float64Array).values };
  });
  const [exampleShape, features, framing, recipe] = ["example_shape", "features", "framing", "recipe"].map(description);
  const task = description("task") ?? "classification";
  return { classes, inputShape, exampleShape, features, framing, recipe, task, scaling, targetScaling, layers };
}
