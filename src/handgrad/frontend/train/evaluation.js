// Test images, and their classification in slices while the browser is idle: a slice takes about 8 ms, so that the page responds.

import { argmax } from "handgrad/elements.js";
import { sourceName } from "handgrad/train/format.js";

const SUBSTITUTES = ["mnist", "strokes:5000", "strokes:2000"]; // for drawn digits, which have no test images
const SLICE = 8; // milliseconds
const idle = window.requestIdleCallback ?? ((work) => setTimeout(work, 4));

/**
 * Load the test images for a data source, or with `anyway`, where it has none, others.
 * @returns {Promise<{name: string, images: Uint8Array, labels: string[], classes: string[], instead: boolean}>}
 */
export async function testImages(backend, source, anyway = false) {
  const names = (await backend.datasets()).map(({ name }) => name);
  const drawn = source.startsWith("digits/");
  const own = !drawn && (names.includes(source) || /^strokes(:|$)/.test(source));
  const name = own ? source : drawn || anyway ? SUBSTITUTES.find((each) => names.includes(each)) : null;
  if (!name) throw new Error(`the data of this run, ${sourceName(source) || "without a name"}, are not available`);
  return { name, instead: !own, ...(await backend.examples(name, "test", 0, 10_000)) };
}

/**
 * Classify images in order.
 * @param {any} network
 * @param {{images: Uint8Array, labels: string[]}} examples
 * @param {AbortSignal} signal
 * @param {(found: string[]) => void} progress  called after each slice with the predicted classes so far
 * @returns {Promise<string[]|null>}  the predicted classes; null: aborted
 */
export async function classify(network, { images, labels }, signal, progress) {
  const [inputs, classes] = [images.length / labels.length, network.classes];
  const found = [];
  for (let slice = 8; found.length < labels.length; ) {
    await new Promise((next) => idle(next, { timeout: 300 }));
    if (signal.aborted) return null;
    const start = performance.now();
    const size = Math.min(slice, labels.length - found.length);
    const probabilities = network.predict(images.subarray(found.length * inputs, (found.length + size) * inputs), size);
    for (let k = 0; k < size; k++) found.push(classes[argmax(probabilities.subarray(k * classes.length, (k + 1) * classes.length))]);
    progress(found);
    slice = Math.max(1, Math.min(2 * slice, Math.round((size * SLICE) / Math.max(0.1, performance.now() - start))));
  }
  return found;
}
