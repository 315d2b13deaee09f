// The windows of an image that convolution and pooling compute from: H' × W' windows of K × K pixels of C × H × W.

const count = (size, kernel, stride, padding) => Math.floor((size + 2 * padding - kernel) / stride) + 1;

/** Return [C, H', W'] for images of shape [C, H, W]; an Error where no window fits. */
export function windowedShape(type, shape, kernel, stride, padding = 0) {
  if (shape.length !== 3) throw new Error(`${type} takes images (channels, height, width); got ${shape.join("×")}`);
  const sizes = shape.slice(1).map((side) => count(side, kernel, stride, padding));
  if (Math.min(...sizes) < 1) throw new Error(`${type}: a window of ${kernel}×${kernel} does not fit into an image of ${shape.slice(1).join("×")}`);
  return [shape[0], ...sizes];
}

/**
 * Return the index of each pixel of each window within its channel, or −1 in the padding.
 * @param {number[]} shape  [C, H, W]
 * @returns {Int32Array} H' · W' × K · K
 */
export function windowOffsets([, height, width], kernel, stride, padding = 0) {
  const [down, across] = [count(height, kernel, stride, padding), count(width, kernel, stride, padding)];
  const offsets = new Int32Array(down * across * kernel * kernel);
  let at = 0;
  for (let i = 0; i < down; i++) {
    for (let j = 0; j < across; j++) {
      for (let k = 0; k < kernel * kernel; k++) {
        const row = i * stride - padding + Math.floor(k / kernel);
        const column = j * stride - padding + (k % kernel);
        offsets[at++] = row >= 0 && row < height && column >= 0 && column < width ? row * width + column : -1;
      }
    }
  }
  return offsets;
}
