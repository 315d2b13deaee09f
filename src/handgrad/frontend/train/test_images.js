// Test images to be read: bytes and the names of their classes.

import { size } from "handgrad/model/shapes.js";
import { sourceName } from "handgrad/train/words.js";

const MOST = 10000;
const OWN = "digits/"; // one's own, which have no test images
const DIGITS = ["mnist", "strokes:5000"]; // what stands in for them: other digits, the first that are here

/** Find the test images of the data that a network was trained on: {name, instead: of what, or null}. */
export async function testDataFor(app, source) {
  if (/^strokes(:|$)/.test(source)) return { name: source, instead: null };
  if (source.startsWith(OWN)) return anyDigits(app, source);
  const sets = await app.api("/data");
  if (sets.some(({ name }) => name === source)) return { name: source, instead: null };
  throw new Error(`the data of this run, ${sourceName(source) || "of no name"}, are not here`);
}

/** Find test images of digits, whatever a network was trained on; its own, if they are here. */
export async function digitsFor(app, source) {
  return testDataFor(app, source).catch(() => anyDigits(app, source));
}

async function anyDigits(app, source) {
  const sets = await app.api("/data");
  const found = DIGITS.find((known) => sets.some(({ name }) => name === known));
  if (!found) throw new Error("the server has no digits at hand");
  return { name: found, instead: source };
}

/** Get examples: {name, pixels: Uint8Array (count × 784), labels: string[], count, classes: string[]}. */
export async function examplesOf(app, name, split = "test") {
  const query = new URLSearchParams({ name, split, limit: MOST });
  const answer = await app.api(`/data/examples?${query}`);
  if (answer.dtype !== "uint8" || size(answer.input_shape) !== 784) throw new Error(`${name} holds no grey pictures of 28×28`);
  const pixels = Uint8Array.from(atob(answer.inputs), (character) => character.charCodeAt(0));
  const labels = answer.labels.map((label) => answer.classes[label] ?? String(label));
  return { name, pixels, labels, count: labels.length, classes: answer.classes };
}
