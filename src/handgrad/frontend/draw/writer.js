// Animates strokes on the pad, a few points per frame.

const SPEED = 0.035; // per frame, in units of the canvas's side: a digit takes about a second

export class Writer {
  #frame = null;

  /** @param changed  called with whether the last point is drawn */
  constructor(pad, changed) {
    this.pad = pad;
    this.changed = changed;
    pad.canvas.addEventListener("pointerdown", () => this.stop(), { capture: true });
  }

  get running() {
    return this.#frame !== null;
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.#frame = null;
  }

  /** @param strokes  lists of points */
  write(strokes) {
    const points = strokes.flatMap((stroke) => stroke.map((point, k) => [k === 0, point]));
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let last = null;
    const frame = () => {
      let rest = still ? Infinity : SPEED;
      while (points.length && rest > 0) {
        const [starts, point] = points.shift();
        rest -= starts || !last ? 0 : Math.hypot(point[0] - last[0], point[1] - last[1]);
        if (starts) this.pad.startStroke(...point);
        else this.pad.continueStroke(...point);
        last = point;
      }
      this.changed(!points.length);
      this.#frame = points.length ? requestAnimationFrame(frame) : null;
    };
    frame();
  }
}
