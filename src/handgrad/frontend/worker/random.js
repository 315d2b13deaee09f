// Reproducible random numbers, by the generator mulberry32.

export class Random {
  #state;

  /** @param {number} seed */
  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** A number from `low` to below `high`. */
  uniform(low = 0, high = 1) {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let z = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return low + ((high - low) * ((z ^ (z >>> 14)) >>> 0)) / 2 ** 32;
  }

  /** An integer from 0 to below `limit`. */
  integer(limit) {
    return Math.floor(this.uniform(0, limit));
  }

  /** A normal number, by the method of Box and Muller. */
  normal(mean = 0, deviation = 1) {
    return mean + deviation * Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(this.uniform(0, 2 * Math.PI));
  }

  /** Shuffle an array in place. */
  shuffle(array) {
    for (let k = array.length - 1; k > 0; k--) {
      const other = this.integer(k + 1);
      [array[k], array[other]] = [array[other], array[k]];
    }
  }
}
