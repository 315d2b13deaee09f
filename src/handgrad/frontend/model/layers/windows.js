// An image as the windows that a convolution or a pooling looks at, and back.
//
// Letters: C channels of H × W pixels come in, H' × W' windows of K × K pixels are looked at.

/**
 * Count the windows along one side: ⌊(size + 2 padding − window) / stride⌋ + 1.
 */
export function outputSize(size, window, stride, padding = 0) {
  return Math.floor((size + 2 * padding - window) / stride) + 1;
}

/** Give [C, H', W'] for images [C, H, W]; an Error where no window fits into them. */
export function windowedShape(type, shape, window, stride, padding = 0) {
  if (shape.length !== 3) throw new Error(`${type} takes images (channels, height, width); got ${shape.join("×")}`);
  const sizes = shape.slice(1).map((side) => outputSize(side, window, stride, padding));
  if (Math.min(...sizes) < 1) {
    throw new Error(`${type}: a window of ${window}×${window} does not fit into an image of ${shape.slice(1).join("×")}`);
  }
  return [shape[0], ...sizes];
}

/**
 * Say which pixel each place of each window sees, row by row; −1 where that lies beside the image.
 * @param {number[]} shape  [C, H, W]
 * @returns {Int32Array} of H' · W' · K · K numbers of pixels, from 0 to H · W − 1
 */
export function windowPixels([, height, width], window, stride, padding = 0) {
  const down = outputSize(height, window, stride, padding);
  const across = outputSize(width, window, stride, padding);
  const pixels = new Int32Array(down * across * window * window);
  let at = 0;
  for (let i = 0; i < down; i++) {
    for (let j = 0; j < across; j++) {
      for (let row = i * stride - padding; row < i * stride - padding + window; row++) {
        for (let column = j * stride - padding; column < j * stride - padding + window; column++) {
          const inside = row >= 0 && row < height && column >= 0 && column < width;
          pixels[at++] = inside ? row * width + column : -1;
        }
      }
    }
  }
  return pixels;
}
