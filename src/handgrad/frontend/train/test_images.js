// Test images to classify: bytes, and the names of their classes.

import { fromBase64 } from "handgrad/elements.js";
import { size } from "handgrad/model/shapes.js";
import { sourceName } from "handgrad/train/format.js";

const LIMIT = 10000;
const COLLECTION = "digits/"; // collections of drawn digits have no test images
const SUBSTITUTES = ["mnist", "strokes:5000"]; // used for them: the first one that the server has

/** Find the test images for the data of a run: {name, instead: of what, or null}. */
export async function testDataFor(app, source) {
  if (/^strokes(:|$)/.test(source)) return { name: source, instead: null };
  if (source.startsWith(COLLECTION)) return anyDigits(app, source);
  const sets = await app.api("/data");
  if (sets.some(({ name }) => name === source)) return { name: source, instead: null };
  throw new Error(`the data of this run, ${sourceName(source) || "without a name"}, are not available`);
}

/** Find test images of digits: those for the data of a run, or others. */
export async function digitsFor(app, source) {
  return testDataFor(app, source).catch(() => anyDigits(app, source));
}

async function anyDigits(app, source) {
  const sets = await app.api("/data");
  const found = SUBSTITUTES.find((known) => sets.some(({ name }) => name === known));
  if (!found) throw new Error("the server has no digits");
  return { name: found, instead: source };
}

/** Fetch examples: {name, pixels: Uint8Array (count × 784), labels: string[], count, classes: string[]}. */
export async function examplesOf(app, name, split = "test") {
  const query = new URLSearchParams({ name, split, limit: LIMIT });
  const answer = await app.api(`/data/examples?${query}`);
  if (answer.dtype !== "uint8" || size(answer.input_shape) !== 784) throw new Error(`${name} does not consist of grey images of 28×28`);
  const labels = answer.labels.map((label) => answer.classes[label] ?? String(label));
  return { name, pixels: fromBase64(answer.inputs), labels, count: labels.length, classes: answer.classes };
}
