// Maxout: a unit that learns its own activation, as the largest of several affine pieces.

import { whole } from "handgrad/model/fields.js";
import { size } from "handgrad/model/shapes.js";

/**
 * Keep the largest of every `pieces` neighbours, yᵢ = maxₖ x[i · pieces + k]; of equal ones the first.
 * @param {Float32Array} x  N × pieces · O × area
 * @param {number} pieces
 * @param {number} area     pixels of a channel; 1 for flat inputs
 * @returns {{y: Float32Array, kept: Int32Array}}  N × O × area; the places in `x` of what was kept
 */
export function maxout(x, pieces, area) {
  const y = new Float32Array(x.length / pieces);
  const kept = new Int32Array(y.length);
  for (let at = 0; at < y.length; at++) {
    const pixel = at % area;
    let best = (at - pixel) * pieces + pixel;
    for (let piece = 1, other = best + area; piece < pieces; piece++, other += area) {
      if (x[other] > x[best]) best = other;
    }
    y[at] = x[best];
    kept[at] = best;
  }
  return { y, kept };
}

/**
 * Pass back to the one that was the largest: dx[i · pieces + k] = dyᵢ · [k was kept].
 * @param {Float32Array} dy   N × O × area
 * @param {Int32Array} kept   from the forward pass
 * @param {number} pieces
 * @returns {Float32Array} dx, N × pieces · O × area
 */
export function maxoutBackward(dy, kept, pieces) {
  const dx = new Float32Array(dy.length * pieces);
  for (let at = 0; at < dy.length; at++) dx[kept[at]] = dy[at];
  return dx;
}

export const Maxout = {
  fields: { pieces: whole(2, 1_000_000_000, 2) },

  outputShape({ pieces }, [inputs, ...image]) {
    if (inputs % pieces) throw new Error(`Maxout: ${inputs} inputs cannot be shared out by ${pieces}`);
    return [inputs / pieces, ...image];
  },

  forward({ pieces, inputShape }, x) {
    const { y, kept } = maxout(x, pieces, size(inputShape.slice(1)));
    return { y, backward: (dy) => maxoutBackward(dy, kept, pieces) };
  },
};
