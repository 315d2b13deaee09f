// Writes a digit on the pad by itself, as a hand would: a few points a frame.

const PACE = 0.035; // units of the canvas's side a frame: a digit takes about a second

export class Writer {
  #running = null;

  /** @param told  called with whether the digit is finished */
  constructor(pad, told) {
    this.pad = pad;
    this.told = told;
    pad.canvas.addEventListener("pointerdown", () => this.stop(), { capture: true });
  }

  get running() {
    return this.#running !== null;
  }

  stop() {
    cancelAnimationFrame(this.#running);
    this.#running = null;
  }

  /** @param strokes  lists of points */
  write(strokes) {
    const way = strokes.flatMap((stroke) => stroke.map((point, k) => [k === 0, point]));
    const atOnce = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let last = null;
    const frame = () => {
      let left = atOnce ? Infinity : PACE;
      while (way.length && left > 0) {
        const [begins, point] = way.shift();
        left -= begins || !last ? 0 : Math.hypot(point[0] - last[0], point[1] - last[1]);
        if (begins) this.pad.startStroke(...point);
        else this.pad.continueStroke(...point);
        last = point;
      }
      this.told(!way.length);
      this.#running = way.length ? requestAnimationFrame(frame) : null;
    };
    frame();
  }
}
