// Sample digits, each time a little different.

import { Random } from "handgrad/worker/random.js";
import { traced } from "handgrad/worker/strokes.js";

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
