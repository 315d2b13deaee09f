// Classifies many images in slices, while the browser is idle.
//
// On the main thread, not in a worker: import maps do not apply to workers. A slice takes about 8 ms, which keeps the
// page responsive.

import { argmax } from "handgrad/elements.js";

const SLICE = 8; // milliseconds
const idle = window.requestIdleCallback ?? ((work) => setTimeout(work, 4));

export class Evaluator {
  #round = 0;

  stop() {
    this.#round += 1;
  }

  /**
   * Classify images in order.
   * @param network
   * @param {Uint8Array} pixels  count × I
   * @param progress  called after each slice with (index of its first image, indices of the predicted classes)
   * @returns whether it was finished, and not stopped
   */
  async classify(network, pixels, count, progress) {
    this.#round += 1;
    const round = this.#round;
    const inputs = pixels.length / count;
    const classes = network.classes.length;
    let slice = 8;
    for (let first = 0; first < count; ) {
      await new Promise((next) => idle(next, { timeout: 300 }));
      if (round !== this.#round) return false;
      const start = performance.now();
      const images = Math.min(slice, count - first);
      const probabilities = network.predict(pixels.subarray(first * inputs, (first + images) * inputs), images);
      progress(first, Array.from({ length: images }, (_, k) => argmax(probabilities.subarray(k * classes, (k + 1) * classes))));
      first += images;
      const duration = Math.max(0.1, performance.now() - start);
      slice = Math.max(1, Math.min(2 * slice, Math.round((images * SLICE) / duration)));
    }
    return true;
  }
}
