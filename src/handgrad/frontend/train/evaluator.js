// Classifies many images in slices, while the browser is idle: a slice takes about 8 ms, which keeps the page responsive.

import { argmax } from "handgrad/elements.js";

const SLICE = 8; // milliseconds
const idle = window.requestIdleCallback ?? ((work) => setTimeout(work, 4));

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
