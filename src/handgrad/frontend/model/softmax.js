// From scores to probabilities.

/**
 * Turn the scores of one example into probabilities: yᵢ = exp(xᵢ − max x) / Σⱼ exp(xⱼ − max x).
 *
 * The maximum is subtracted so that no exponential overflows; it cancels in the quotient.
 * @param {Float32Array} logits  C
 * @returns {Float32Array} probabilities, C; their sum is 1
 */
export function softmax(logits) {
  const most = logits.reduce((a, b) => Math.max(a, b));
  const y = Float64Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = y.reduce((a, b) => a + b);
  return Float32Array.from(y, (value) => value / sum);
}
