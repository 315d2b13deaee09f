// The records of one run, as they come: all of them, and of each curve as much as a chart can show.

import { Curve } from "handgrad/train/curve.js";

export class Records {
  #all = [];
  #curves = new Map();

  /**
   * The steps of an epoch, as far as is known. The last record of a training that was interrupted is of a part of an
   * epoch, so the fullest one counts.
   */
  epochSteps = 0;

  get length() {
    return this.#all.length;
  }

  /** The newest, or undefined. */
  get last() {
    return this.#all.at(-1);
  }

  at(index) {
    return this.#all[index];
  }

  push(record) {
    this.#all.push(record);
    this.epochSteps = Math.max(this.epochSteps, (record.step + 1) / record.epoch);
    for (const [key, value] of Object.entries(record)) if (key !== "step" && value !== null) this.curve(key).add(record.step, value);
  }

  /** What became of one number of the records; empty where none has it. */
  curve(key) {
    if (!this.#curves.has(key)) this.#curves.set(key, new Curve());
    return this.#curves.get(key);
  }

  /** The index of the record that is nearest to a step, or -1. */
  nearest(step) {
    let [low, high] = [0, this.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at(middle).step < step) low = middle + 1;
      else high = middle;
    }
    return low > 0 && step - this.at(low - 1).step <= this.at(low).step - step ? low - 1 : Math.min(low, this.length - 1);
  }
}
