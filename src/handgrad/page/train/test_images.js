// Test images to be read: bytes and the names of their classes.

import { size } from "handgrad/model/shapes.js";

const MOST = 10000;
const OWN = "digits/";

/**
 * Find the data whose test images tell how good a network is that was trained on `source`.
 * Digits of one's own have none: then those of the first other data are taken.
 */
export async function testDataFor(app, source) {
  const sets = await app.api("/data");
  const fitting = sets.filter((set) => !set.name.startsWith(OWN) && size(set.input_shape) === 784);
  if (/^strokes(:|$)/.test(source) || fitting.some(({ name }) => name === source)) return source;
  if (!fitting.length) throw new Error("the server has no pictures of 28×28 at hand");
  return fitting[0].name;
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
