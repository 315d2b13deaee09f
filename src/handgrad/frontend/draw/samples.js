// Sample digits, each time a little different, and written on a pad like by hand.

import { Random } from "handgrad/worker/random.js";
import { traced } from "handgrad/worker/strokes.js";

const SPEED = 0.035; // per frame, in units of the canvas's side: a digit takes about a second
const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const random = new Random(0);

/** The strokes of a digit, as the generator of synthetic digits writes them. */
export function sample(digit) {
  const { xy, down } = traced(Number(digit), random);
  const strokes = [[]];
  xy.forEach(([x, y], k) => {
    strokes.at(-1).push([0.5 + 0.31 * x, 0.5 + 0.31 * y]);
    if (down[k] === 0) strokes.push([]);
  });
  return strokes;
}

/** Write strokes on a pad, a few points per frame; `changed` is called with whether the last is drawn. */
export class Writer {
  #frame = null;

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

  write(strokes) {
    const points = strokes.flatMap((stroke) => stroke.map(([x, y], k) => ({ x, y, starts: k === 0 })));
    let last = points[0];
    const frame = () => {
      for (let rest = STILL.matches ? Infinity : SPEED; points.length && rest > 0; ) {
        const point = points.shift();
        if (point.starts) this.pad.startStroke(point.x, point.y);
        else this.pad.continueStroke(point.x, point.y);
        rest -= point.starts ? 0 : Math.hypot(point.x - last.x, point.y - last.y);
        last = point;
      }
      this.#frame = points.length ? requestAnimationFrame(frame) : null;
      this.changed(!points.length);
    };
    frame();
  }
}
