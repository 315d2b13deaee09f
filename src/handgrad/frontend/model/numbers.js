// Functions that agree with Python and NumPy to the bit.

/** Round to the nearest integer, halves to even. */
export function round(value) {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** The median of at least one value. */
export function median(values) {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** `count` evenly spaced numbers from −½ to ½; −½ alone if it is one. */
export function fromHalfToHalf(count) {
  const numbers = Float64Array.from({ length: count }, (_, k) => k * (1 / (count - 1)) - 0.5);
  numbers[count - 1] = 0.5;
  return count === 1 ? Float64Array.of(-0.5) : numbers;
}
