// The records of one run.

export class Records {
  #all = [];

  /** Steps per epoch as far as known: the largest of all records, since the last one may cover a part of an epoch. */
  epochSteps = 0;

  get length() {
    return this.#all.length;
  }

  get last() {
    return this.#all.at(-1);
  }

  at(index) {
    return this.#all[index];
  }

  push(record) {
    this.#all.push(record);
    this.epochSteps = Math.max(this.epochSteps, (record.step + 1) / record.epoch);
  }

  /** The curve of one number: [step, value] of each record that has it. */
  curve(key) {
    return this.#all.filter((record) => record[key] !== null).map((record) => [record.step, record[key]]);
  }

  /** The index of the record nearest to a step, or −1. */
  nearest(step) {
    const after = this.#all.findIndex((record) => record.step >= step);
    if (after < 0) return this.length - 1;
    return after > 0 && step - this.at(after - 1).step <= this.at(after).step - step ? after - 1 : after;
  }
}
