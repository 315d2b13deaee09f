// Has a network read many images a few at a time, when the browser has nothing else to do.
//
// On the main thread, not in a worker: import maps do not hold in workers. A slice takes some 8 ms, so that the page
// stays fluid, for `mlp` some 50 images; only a single image of a very large network takes longer.

const SLICE = 8; // milliseconds
const idle = window.requestIdleCallback ?? ((work) => setTimeout(work, 4));

export class Reader {
  #round = 0;

  /** End what is under way. */
  stop() {
    this.#round += 1;
  }

  /**
   * Read images from the first to the last.
   * @param network
   * @param {Uint8Array} pixels  count × I
   * @param told  called after each slice with (first, answers: class indices), and awaits nothing
   * @returns whether it came to the end, and was not stopped
   */
  async read(network, pixels, count, told) {
    this.#round += 1;
    const round = this.#round;
    const each = pixels.length / count;
    const classes = network.classes.length;
    let many = 8;
    for (let first = 0; first < count; ) {
      await new Promise((next) => idle(next, { timeout: 300 }));
      if (round !== this.#round) return false;
      const begin = performance.now();
      const taken = Math.min(many, count - first);
      const probabilities = network.predictProba(pixels.subarray(first * each, (first + taken) * each), taken);
      told(first, Array.from({ length: taken }, (_, k) => best(probabilities.subarray(k * classes, (k + 1) * classes))));
      first += taken;
      const spent = Math.max(0.1, performance.now() - begin);
      many = Math.max(1, Math.min(2 * many, Math.round((taken * SLICE) / spent)));
    }
    return true;
  }
}

function best(probabilities) {
  let found = 0;
  for (let k = 1; k < probabilities.length; k++) if (probabilities[k] > probabilities[found]) found = k;
  return found;
}
