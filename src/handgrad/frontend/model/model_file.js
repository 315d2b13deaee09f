// What a model file says: its tensors and metadata, checked, as the parts of a network.

import { placed } from "handgrad/model/layers/layers.js";
import { Scaling } from "handgrad/model/scaling.js";
import { isShape, same, size } from "handgrad/model/shapes.js";

const FORMAT = 1; // version of the file format; a newer one is refused
const DTYPES = { float32: "F32", float64: "F64" };
const FRAMINGS = ["digit", "plain"];

/**
 * Check what a file holds, and make the parts of a network of it.
 * @param {Map} tensors      from `readTensors`
 * @param {Object} metadata  strings by name
 * @returns {Object} {classes, inputShape, exampleShape, framing, recipe, scaling, layers}
 * @throws {Error} with one line
 */
export function readParts(tensors, metadata) {
  checkFormat(metadata);
  try {
    return parts(tensors, metadata);
  } catch (error) {
    throw new Error(`the model cannot be used: ${error.message}`);
  }
}

function checkFormat({ format = "", library_version: version = "?" }) {
  const found = /^handgrad (\d{1,9})$/.exec(format);
  if (!found) throw new Error("not a model of handgrad: its metadata say nothing of one");
  if (Number(found[1]) > FORMAT) {
    throw new Error(`the model was written by handgrad ${version} in format ${found[1]}; this page reads up to ${FORMAT}`);
  }
}

function parts(tensors, metadata) {
  const { input_shape: inputShape, example_shape: exampleShape, ...read } = Object.fromEntries(
    ["layers", "input_shape", "example_shape", "framing", "classes", "dtype", "recipe"].map((key) => [key, json(metadata, key)]),
  );
  if (!isShape(inputShape)) throw new Error("its inputs have no shape");
  if (!isShape(exampleShape) || size(exampleShape) !== size(inputShape) || !FRAMINGS.includes(read.framing)) {
    throw new Error(`it takes no examples of shape ${JSON.stringify(exampleShape)}, ${JSON.stringify(read.framing)}`);
  }
  if (!Object.hasOwn(DTYPES, read.dtype)) throw new Error(`its numbers are neither float32 nor float64`);
  const layers = placedLayers(tensors, read.layers, inputShape, DTYPES[read.dtype]);
  const { outputShape } = layers.at(-1);
  const classes = names(read.classes);
  if (!same(outputShape, [classes.length])) {
    throw new Error(`it ends in ${outputShape.join("×")}, but there are ${classes.length} classes`);
  }
  const scaling = scalingOf(tensors, size(inputShape));
  return { classes, inputShape, exampleShape, framing: read.framing, recipe: read.recipe, scaling, layers };
}

function placedLayers(tensors, descriptions, inputShape, dtype) {
  if (!Array.isArray(descriptions) || !descriptions.length) throw new Error("it has no layers");
  let shape = inputShape;
  return descriptions.map((description, index) => {
    const layer = placed(description, shape, (name, wanted) => ({
      shape: wanted,
      values: new Float32Array(finite(tensors, `layers.${index}.${name}`, wanted, dtype)),
    }));
    for (const [name, { values }] of Object.entries(layer.parameters)) {
      if (!values.every(Number.isFinite)) throw new Error(`layers.${index}.${name} holds numbers too large for float32`);
    }
    shape = layer.outputShape;
    return layer;
  });
}

/** Give a tensor of finite numbers of that shape and type. */
function finite(tensors, key, shape, dtype) {
  const tensor = tensors.get(key);
  if (!tensor) throw new Error(`it lacks ${key}`);
  const shown = (sides) => `(${sides.join(", ")})`;
  if (!same(tensor.shape, shape)) {
    throw new Error(`${key} has shape ${shown(tensor.shape)} where the network has ${shown(shape)}`);
  }
  const values = tensor.dtype === dtype ? tensor.values() : null;
  if (!values?.every(Number.isFinite)) throw new Error(`${key} holds other values than finite ${dtype}`);
  return values;
}

function scalingOf(tensors, inputs) {
  if (!tensors.has("scaling.shift") && !tensors.has("scaling.divisor")) return null;
  const shape = tensors.get("scaling.shift")?.shape.length === 0 ? [] : [inputs];
  const [shift, divisor] = ["scaling.shift", "scaling.divisor"].map((key) => finite(tensors, key, shape, "F64"));
  if (!divisor.every((value) => value > 0)) throw new Error("scaling.divisor holds other values than positive ones");
  return new Scaling(shift, divisor);
}

function names(classes) {
  if (!Array.isArray(classes) || !classes.every((name) => typeof name === "string")) throw new Error("its classes are no names");
  if (new Set(classes).size !== classes.length) throw new Error("two of its classes have the same name");
  return classes;
}

function json(metadata, key) {
  try {
    return JSON.parse(metadata[key]);
  } catch {
    throw new Error(`its metadata lack a valid '${key}'`);
  }
}
