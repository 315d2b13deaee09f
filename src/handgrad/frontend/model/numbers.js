// Numbers as Python and NumPy have them, so that both sides agree to the bit.

/** Round to the nearest whole number, and of two equally near ones to the even. */
export function round(value) {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/**
 * Find the value in the middle; of an even number of them the mean of the two.
 * @param {ArrayLike<number>} values  at least one
 */
export function median(values) {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Give `count` numbers from −½ to ½, evenly spaced; −½ alone, where it is one. */
export function fromHalfToHalf(count) {
  const numbers = Float64Array.from({ length: count }, (_, k) => k * (1 / (count - 1)) - 0.5);
  numbers[count - 1] = 0.5;
  return count === 1 ? Float64Array.of(-0.5) : numbers;
}
