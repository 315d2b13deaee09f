// From values as the data set has them to values that a network likes: (raw − shift) / divisor.

import { size } from "handgrad/model/shapes.js";

export class Scaling {
  /**
   * @param {Float64Array} shift    of 1 value for all inputs alike, or I
   * @param {Float64Array} divisor  as many, positive
   */
  constructor(shift, divisor) {
    this.shift = shift;
    this.divisor = divisor;
  }

  /**
   * Scale examples.
   * @param {ArrayLike<number>} raw  N × I
   * @param {number[]} inputShape    of I values
   * @returns {Float32Array} N × I
   */
  scale(raw, inputShape) {
    const { shift, divisor } = this;
    const inputs = size(inputShape);
    const x = new Float32Array(raw.length);
    for (let k = 0; k < x.length; k++) {
      const input = shift.length === 1 ? 0 : k % inputs;
      x[k] = (raw[k] - shift[input]) / divisor[input];
    }
    return x;
  }
}
