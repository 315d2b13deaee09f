// The records of one run, and the curves of their numbers. A curve has a bounded number of points to draw: neighbouring
// points share a bin, of which the lowest and the highest are kept, so that no peak is lost.

const MAX_BINS = 2000; // about the pixels of a wide chart

export class Curve {
  #bins = []; // {count, low: [step, value], high: [step, value]}
  #capacity = 1; // points per bin
  low = Infinity;
  high = -Infinity;
  last = null;

  /** Add a point; steps increase. */
  add(step, value) {
    const point = [step, value];
    const bin = { count: 1, low: point, high: point };
    const open = this.#bins.at(-1);
    if (open && open.count < this.#capacity) this.#bins.splice(-1, 1, merged(open, bin));
    else this.#bins.push(bin);
    if (this.#bins.length > MAX_BINS) this.#halve();
    this.low = Math.min(this.low, value);
    this.high = Math.max(this.high, value);
    this.last = point;
  }

  /** The points to draw: all of a short run, at most two per bin of a long one, and the last. */
  get points() {
    const found = this.#bins.flatMap(({ low, high }) => (low === high ? [low] : low[0] < high[0] ? [low, high] : [high, low]));
    return found.length && found.at(-1) !== this.last ? [...found, this.last] : found;
  }

  #halve() {
    const bins = this.#bins;
    this.#bins = bins.filter((_, k) => k % 2 === 0).map((bin, k) => (bins[2 * k + 1] ? merged(bin, bins[2 * k + 1]) : bin));
    this.#capacity *= 2;
  }
}

function merged(a, b) {
  return { count: a.count + b.count, low: b.low[1] < a.low[1] ? b.low : a.low, high: b.high[1] > a.high[1] ? b.high : a.high };
}

export class Records {
  #all = [];
  #curves = new Map();

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
    for (const [key, value] of Object.entries(record)) if (key !== "step" && value !== null) this.curve(key).add(record.step, value);
  }

  /** The curve of one number; empty where no record has it. */
  curve(key) {
    if (!this.#curves.has(key)) this.#curves.set(key, new Curve());
    return this.#curves.get(key);
  }

  /** The index of the record nearest to a step, or −1. */
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
