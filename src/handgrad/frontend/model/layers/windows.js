// The windows of an image that convolution and pooling compute from: H' × W' windows of C × K × K pixels of C × H × W.

const count = (size, kernel, stride, padding) => Math.floor((size + 2 * padding - kernel) / stride) + 1;

/** Return [H', W'] for an image of shape [C, H, W]. */
export function windowCounts([, height, width], kernel, stride, padding = 0) {
  return [count(height, kernel, stride, padding), count(width, kernel, stride, padding)];
}

/**
 * Return the index of each pixel of each window in the image, or −1 in the padding.
 * @param {number[]} shape  [C, H, W]
 * @returns {Int32Array} H' · W' × C · K · K
 */
export function windowOffsets([channels, height, width], kernel, stride, padding = 0) {
  const [down, across] = windowCounts([channels, height, width], kernel, stride, padding);
  const offsets = new Int32Array(down * across * channels * kernel * kernel);
  let at = 0;
  for (let i = 0; i < down; i++) {
    for (let j = 0; j < across; j++) {
      for (let k = 0; k < channels * kernel * kernel; k++) {
        const channel = Math.floor(k / kernel ** 2);
        const row = i * stride - padding + (Math.floor(k / kernel) % kernel);
        const column = j * stride - padding + (k % kernel);
        const inside = row >= 0 && row < height && column >= 0 && column < width;
        offsets[at++] = inside ? (channel * height + row) * width + column : -1;
      }
    }
  }
  return offsets;
}
