// One number of a run over its steps. However many records come, what there is to draw stays small: neighbours share a
// piece, and of each piece its lowest and its highest point are kept, so that no peak is lost.

const MOST = 2000; // pieces: as many as a wide chart has pixels

export class Curve {
  #pieces = []; // {count, low: [step, value], high: [step, value]}
  #each = 1; // points that a piece may hold
  low = Infinity;
  high = -Infinity;
  last = null;

  /** Add a point; steps grow. */
  add(step, value) {
    const point = [step, value];
    const piece = this.#pieces.at(-1);
    if (piece && piece.count < this.#each) this.#pieces[this.#pieces.length - 1] = joined(piece, { count: 1, low: point, high: point });
    else this.#pieces.push({ count: 1, low: point, high: point });
    if (this.#pieces.length > MOST) this.#halve();
    this.low = Math.min(this.low, value);
    this.high = Math.max(this.high, value);
    this.last = point;
  }

  /** The points to draw, in their order: all of a short run, at most two of each piece of a long one, and the last. */
  get points() {
    const found = this.#pieces.flatMap(({ low, high }) => (low === high ? [low] : low[0] < high[0] ? [low, high] : [high, low]));
    return found.length && found.at(-1) !== this.last ? [...found, this.last] : found;
  }

  #halve() {
    const pieces = this.#pieces;
    this.#pieces = pieces.filter((_, k) => k % 2 === 0).map((piece, k) => (pieces[2 * k + 1] ? joined(piece, pieces[2 * k + 1]) : piece));
    this.#each *= 2;
  }
}

function joined(a, b) {
  return { count: a.count + b.count, low: b.low[1] < a.low[1] ? b.low : a.low, high: b.high[1] > a.high[1] ? b.high : a.high };
}
