// The parts of a network from the tensors and metadata of a model file, checked.

import { build } from "handgrad/model/layers/layers.js";
import { isShape, same, size } from "handgrad/model/shapes.js";

const FORMAT = 1; // newer formats are refused
const DTYPES = { float32: "F32", float64: "F64" };
const FRAMINGS = ["digit", "plain"];
const KEYS = ["layers", "input_shape", "example_shape", "framing", "classes", "dtype", "recipe"];

/**
 * Build the parts of a network.
 * @param {Map} tensors      from `readTensors`
 * @param {Object} metadata  strings by name
 * @returns {Object} {classes, inputShape, exampleShape, framing, recipe, scaling, layers}
 * @throws {Error} with one line
 */
export function readParts(tensors, metadata) {
  checkFormat(metadata);
  try {
    return parts(tensors, Object.fromEntries(KEYS.map((key) => [key, json(metadata, key)])));
  } catch (error) {
    throw new Error(`the model cannot be used: ${error.message}`);
  }
}

function checkFormat({ format = "", library_version: version = "?" }) {
  const found = /^handgrad (\d{1,9})$/.exec(format);
  if (!found) throw new Error("not a model of handgrad: its metadata have no format");
  if (Number(found[1]) > FORMAT) {
    throw new Error(`the model was written by handgrad ${version} in format ${found[1]}; this page reads formats up to ${FORMAT}`);
  }
}

function json(metadata, key) {
  try {
    return JSON.parse(metadata[key]);
  } catch {
    throw new Error(`the metadata have no valid '${key}'`);
  }
}

function parts(tensors, { input_shape: inputShape, example_shape: exampleShape, framing, recipe, ...rest }) {
  if (!isShape(inputShape)) throw new Error(`invalid input shape ${JSON.stringify(inputShape)}`);
  if (!isShape(exampleShape) || size(exampleShape) !== size(inputShape)) throw new Error(`invalid example shape ${JSON.stringify(exampleShape)}`);
  if (!FRAMINGS.includes(framing)) throw new Error(`unknown framing ${JSON.stringify(framing)}`);
  if (!Object.hasOwn(DTYPES, rest.dtype)) throw new Error("its dtype is neither float32 nor float64");
  const layers = buildLayers(tensors, rest.layers, inputShape, DTYPES[rest.dtype]);
  const classes = checkedClasses(rest.classes);
  const { outputShape } = layers.at(-1);
  if (!same(outputShape, [classes.length])) {
    throw new Error(`the last layer has shape ${outputShape.join("×")}, but there are ${classes.length} classes`);
  }
  return { classes, inputShape, exampleShape, framing, recipe, scaling: readScaling(tensors, size(inputShape)), layers };
}

function buildLayers(tensors, descriptions, inputShape, dtype) {
  if (!Array.isArray(descriptions) || !descriptions.length) throw new Error("it has no layers");
  let shape = inputShape;
  return descriptions.map((description, index) => {
    const layer = build(description, shape, (name, wanted) => {
      const key = `layers.${index}.${name}`;
      const values = new Float32Array(finite(tensors, key, wanted, dtype));
      if (!values.every(Number.isFinite)) throw new Error(`${key} has numbers too large for float32`);
      return { shape: wanted, values };
    });
    shape = layer.outputShape;
    return layer;
  });
}

/** Return the finite values of a tensor with this shape and type. */
function finite(tensors, key, shape, dtype) {
  const tensor = tensors.get(key);
  if (!tensor) throw new Error(`${key} is missing`);
  const shown = (sides) => `(${sides.join(", ")})`;
  if (!same(tensor.shape, shape)) throw new Error(`${key} has shape ${shown(tensor.shape)} where the network has ${shown(shape)}`);
  const values = tensor.dtype === dtype ? tensor.values() : null;
  if (!values?.every(Number.isFinite)) throw new Error(`${key} has values other than finite ${dtype}`);
  return values;
}

function readScaling(tensors, inputs) {
  if (!tensors.has("scaling.shift") && !tensors.has("scaling.divisor")) return null;
  const shape = tensors.get("scaling.shift")?.shape.length === 0 ? [] : [inputs];
  const [shift, divisor] = ["scaling.shift", "scaling.divisor"].map((key) => finite(tensors, key, shape, "F64"));
  if (!divisor.every((value) => value > 0)) throw new Error("scaling.divisor has values that are not positive");
  return { shift, divisor };
}

function checkedClasses(classes) {
  if (!Array.isArray(classes) || !classes.every((name) => typeof name === "string")) throw new Error("its classes are not names");
  if (new Set(classes).size !== classes.length) throw new Error("two classes have the same name");
  return classes;
}
