// Pooling: each window of an image becomes one value, its largest or its average; pixels that fill no window are left out.

import { whole } from "handgrad/model/fields.js";
import { windowedShape, windowPixels } from "handgrad/model/layers/windows.js";

/**
 * Keep the largest value of each window; of equal ones the first.
 * @param {Float32Array} x      N · C × H · W
 * @param {Int32Array} pixels   H' · W' × places, from `windowPixels`
 * @param {number} places       K · K
 * @param {number} area         H · W
 * @returns {{y: Float32Array, kept: Int32Array}}  N · C × H' · W'; the places in `x` of what was kept
 */
export function maxPool(x, pixels, places, area) {
  const windows = pixels.length / places;
  const y = new Float32Array((x.length / area) * windows);
  const kept = new Int32Array(y.length);
  for (let at = 0, start = 0; at < y.length; start += area) {
    for (let from = 0; from < pixels.length; from += places, at++) {
      let best = start + pixels[from];
      for (let place = 1; place < places; place++) {
        if (x[start + pixels[from + place]] > x[best]) best = start + pixels[from + place];
      }
      y[at] = x[best];
      kept[at] = best;
    }
  }
  return { y, kept };
}

/**
 * Pass back to the pixel that was the largest: dx += dy · [this pixel was kept].
 * @param {Float32Array} dy   N · C × H' · W'
 * @param {Int32Array} kept   from the forward pass
 * @param {number} length     of dx
 * @returns {Float32Array} dx, N · C × H · W
 */
export function maxPoolBackward(dy, kept, length) {
  const dx = new Float32Array(length);
  for (let at = 0; at < dy.length; at++) dx[kept[at]] += dy[at];
  return dx;
}

/**
 * Average each window; sizes as for `maxPool`.
 * @returns {Float32Array} y, N · C × H' · W'
 */
export function averagePool(x, pixels, places, area) {
  const y = new Float32Array((x.length / area) * (pixels.length / places));
  for (let at = 0, start = 0; at < y.length; start += area) {
    for (let from = 0; from < pixels.length; from += places, at++) {
      let sum = 0;
      for (let place = 0; place < places; place++) sum += x[start + pixels[from + place]];
      y[at] = sum / places;
    }
  }
  return y;
}

/**
 * Pass back to all pixels of a window alike: dx += dy / K².
 * @param {Float32Array} dy  N · C × H' · W'
 * @returns {Float32Array} dx, N · C × H · W
 */
export function averagePoolBackward(dy, pixels, places, area) {
  const dx = new Float32Array((dy.length / (pixels.length / places)) * area);
  for (let at = 0, start = 0; at < dy.length; start += area) {
    for (let from = 0; from < pixels.length; from += places, at++) {
      for (let place = 0; place < places; place++) dx[start + pixels[from + place]] += dy[at] / places;
    }
  }
  return dx;
}

const fields = { pool_size: whole(1, 15, 2), stride: whole(0, 1_000_000_000, 0) };

/** Where windows do not say how far they lie apart, they do not overlap. */
const stepOf = ({ pool_size, stride }) => stride || pool_size;

/** What a pooling needs to know of an image: its windows, K · K, H · W. */
function places(layer) {
  const [, height, width] = layer.inputShape;
  return [windowPixels(layer.inputShape, layer.pool_size, stepOf(layer)), layer.pool_size ** 2, height * width];
}

export const MaxPool2D = {
  fields,
  outputShape: (layer, inputShape) => windowedShape("MaxPool2D", inputShape, layer.pool_size, stepOf(layer)),

  forward(layer, x) {
    const { y, kept } = maxPool(x, ...places(layer));
    return { y, backward: (dy) => maxPoolBackward(dy, kept, x.length) };
  },
};

export const AvgPool2D = {
  fields,
  outputShape: (layer, inputShape) => windowedShape("AvgPool2D", inputShape, layer.pool_size, stepOf(layer)),

  forward(layer, x) {
    const seen = places(layer);
    return { y: averagePool(x, ...seen), backward: (dy) => averagePoolBackward(dy, ...seen) };
  },
};
