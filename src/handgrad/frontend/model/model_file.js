// Model files: safetensors files with the arrays of a network by name, and its description as metadata.
//
// Eight bytes with the length of the header; the header as JSON, {name: {dtype, shape, data_offsets}}; the arrays one
// after another, little-endian. Python has checked the description. What is checked here is that the file is complete,
// that its arrays fit, and that the page has its layers.

import { build } from "handgrad/model/layers.js";
import { same, size } from "handgrad/model/shapes.js";

export const FORMAT = "handgrad 1";
const TYPES = { F32: Float32Array, F64: Float64Array };
const SCALINGS = ["scaling", "target_scaling"];
const MOST_CLASSES = 1000; // as the kernels of the page are compiled

/**
 * @typedef {{shape: number[], values: any}} Tensor
 * @typedef {{shift: Float64Array, divisor: Float64Array}} Scaling  of 1 or of I (or C) values
 * @typedef {{classes: string[], task: "classification" | "multilabel" | "regression", inputShape: number[],
 *   exampleShape: number[], features: string[], framing: string, recipe: any, scaling: Scaling | null,
 *   targetScaling: Scaling | null, layers: any[], metadata: Record<string, string>}} Parts  what a network consists of
 */

/**
 * Read the parts of a network.
 * @param {ArrayBuffer} buffer  a model.safetensors or checkpoint.safetensors
 * @returns {Parts}
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
  /** @type {(name: string, Type?: any) => Tensor} */
  const read = (name, Type = Float32Array) => {
    if (!Object.hasOwn(header, name)) throw new Error(`${name} is missing`);
    const { dtype, shape, data_offsets: offsets } = header[name];
    const bytes = buffer.slice(...offsets.map((offset) => start + offset)); // a copy: arrays need alignment
    const values = Type.from(new TYPES[dtype](bytes));
    if (values.length !== size(shape) || !values.every(Number.isFinite))
      throw new Error(`${name} does not hold ${size(shape)} finite numbers`);
    return { shape, values };
  };
  const [scaling, targetScaling] = SCALINGS.map((name) => {
    if (!Object.hasOwn(header, `${name}.shift`)) return null;
    return { shift: read(`${name}.shift`, Float64Array).values, divisor: read(`${name}.divisor`, Float64Array).values };
  });
  return { ...partsOf(header.__metadata__, (name) => read(name)), scaling, targetScaling };
}

/**
 * Put a network together, without scalings.
 * @param {Record<string, string>} metadata  its description, as in a model file
 * @param {(name: string, shape: number[]) => Tensor} tensor  returns an array by its name and the shape that it must have
 */
export function partsOf(metadata, tensor) {
  const description = (key) => JSON.parse(metadata[key]);
  const [inputShape, classes] = [description("input_shape"), description("classes")];
  if (classes.length > MOST_CLASSES) throw new Error(`it has ${classes.length} classes; the page computes ${MOST_CLASSES} at most`);
  let shape = inputShape;
  const layers = description("layers").map((each, index) => {
    const layer = build(each, shape, (name, wanted) => tensor(`layers.${index}.${name}`, wanted));
    shape = layer.outputShape;
    return layer;
  });
  if (!same(shape, [classes.length])) throw new Error(`the last layer has shape ${shape}, but there are ${classes.length} classes`);
  const [exampleShape, features, framing, recipe] = ["example_shape", "features", "framing", "recipe"].map(description);
  const task = description("task") ?? "classification";
  return { classes, inputShape, exampleShape, features, framing, recipe, task, layers, metadata };
}

/**
 * Write a network, in float32, as a model file.
 * @param {Parts} network  a `Network`, or its parts
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function writeModel({ layers, scaling, targetScaling, metadata }) {
  /** @type {any[]} */
  const tensors = layers.flatMap(({ parameters, statistics }, index) => {
    const named = Object.entries({ ...parameters, ...statistics });
    return named.map(([name, { shape, values }]) => ({ name: `layers.${index}.${name}`, shape, values: Float32Array.from(values) }));
  });
  [scaling, targetScaling].forEach((each, k) => {
    for (const [name, values] of Object.entries(each ?? {}))
      tensors.push({ name: `${SCALINGS[k]}.${name}`, shape: values.length > 1 ? [values.length] : [], values });
  });
  tensors.sort((a, b) => b.values.BYTES_PER_ELEMENT - a.values.BYTES_PER_ELEMENT); // larger types first: aligned
  const header = { __metadata__: { ...metadata, dtype: '"float32"' } };
  let length = 0;
  for (const { name, shape, values } of tensors) {
    const end = length + values.byteLength;
    header[name] = { dtype: values instanceof Float64Array ? "F64" : "F32", shape, data_offsets: [length, end] };
    length = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = 8 + Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(start + length).fill(32, 8, start); // the header ends with spaces
  new DataView(file.buffer).setBigUint64(0, BigInt(start - 8), true);
  file.set(text, 8);
  for (const { name, values } of tensors)
    file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), start + header[name].data_offsets[0]);
  return file;
}
