// Reproducible random numbers: xoshiro128** of Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021.

const rotate = (x, k) => (x << k) | (x >>> (32 - k));

export class Random {
  /** @param {number} seed */
  constructor(seed) {
    let word = seed >>> 0;
    const next = () => {
      word = (word + 0x9e3779b9) >>> 0; // splitmix32
      let z = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return (z ^ (z >>> 15)) >>> 0;
    };
    this.state = Uint32Array.from({ length: 4 }, next);
  }

  /** A number from 0 to below 1. */
  uniform(low = 0, high = 1) {
    const s = this.state;
    const result = Math.imul(rotate(Math.imul(s[1], 5), 7), 9) >>> 0;
    const shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 11);
    return low + ((high - low) * result) / 2 ** 32;
  }

  /** An integer from 0 to below `limit`. */
  integer(limit) {
    return Math.floor(this.uniform(0, limit));
  }

  /** A number of the standard normal distribution, by Box and Muller's method. */
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
