// A prediction in words and numbers, for each task.

import { argmax } from "handgrad/elements.js";

const ABOVE = 0.5; // the probability above which a label is predicted

/**
 * Return how predictions of a network are written.
 * @returns {{label: string, headline: function, sentence: function, text: function, predicted: function, note?: string}}
 *   the name of the bars; of a prediction and a focus the answer in a word and in a sentence; of a value and an index its
 *   text; of a prediction and an index whether the class or label is predicted; what is to be known about all of them
 */
export function wordingOf({ classes, task, targetScaling, recipe }) {
  if (task === "regression") {
    const numbers = classes.map((_, index) => numberFormat(targetScaling?.divisor[index] ?? 1));
    const text = (value, index) => numbers[index](value);
    const mean = (index) => (targetScaling ? ` The mean of the training data is ${text(targetScaling.shift[index], index)}.` : "");
    return {
      label: "Targets. Select one to explain",
      headline: (prediction, focus) => text(prediction[focus], focus),
      sentence: (prediction, focus) => `${classes[focus]} is predicted as ${text(prediction[focus], focus)}.${mean(focus)}`,
      text,
      predicted: () => false,
    };
  }
  if (task === "multilabel") {
    const present = (prediction) => classes.filter((_, index) => prediction[index] > ABOVE);
    return {
      label: "Probabilities of labels. Select one to explain",
      headline: (prediction) => present(prediction).join(", ") || "none",
      sentence: (prediction) =>
        `${present(prediction).length} of ${classes.length} labels above 50 %: ${present(prediction).join(", ") || "none"}.`,
      text: inPercent,
      predicted: (prediction, index) => prediction[index] > ABOVE,
    };
  }
  const smoothing = recipe?.loss?.label_smoothing ?? 0;
  return {
    label: "Probabilities. Select a class to explain",
    headline: (prediction) => classes[argmax(prediction)],
    sentence: (prediction) => inWords(calibrated(prediction, smoothing), classes),
    text: inPercent,
    predicted: (prediction, index) => index === argmax(prediction),
    note: smoothing ? `Bars with label smoothing ${smoothing}; the sentence undoes it.` : "",
  };
}

/**
 * Invert label smoothing: a network trained with it estimates (1 − α) p + α / C.
 * @param {ArrayLike<number>} prediction  C probabilities
 * @param {number} smoothing  α
 */
export function calibrated(prediction, smoothing) {
  const share = smoothing / prediction.length;
  return Float64Array.from(prediction, (value) => (smoothing ? Math.min(1, Math.max(0, (value - share) / (1 - smoothing))) : value));
}

/** Return a function that writes numbers with three digits of their deviation, e.g. 1,234.5 of 50. */
export function numberFormat(deviation, signDisplay = "negative") {
  const decimals = Math.min(20, Math.max(0, 2 - Math.floor(Math.log10(deviation))));
  const settings = { minimumFractionDigits: decimals, maximumFractionDigits: decimals, signDisplay };
  return (value) => value.toLocaleString("en", settings).replace("-", "−");
}

/** A number with its sign, and a true minus. */
export function signedNumber(value) {
  const text = Math.abs(value).toFixed(2);
  return value < 0 && text !== "0.00" ? `−${text}` : `+${text}`;
}

/** A percentage that is 100 or 0 only where the probability is exactly 1 or 0. */
function inPercent(probability) {
  const percent = 100 * probability;
  if (percent > 99.9 && probability < 1) return "> 99.9 %";
  if (percent < 0.1 && probability > 0) return "< 0.1 %";
  return `${percent.toFixed(1)} %`;
}

/** The predicted class in one sentence, as certain as its probability. */
function inWords(probabilities, classes) {
  const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  const [first, second] = order.map((index) => classes[index]);
  const [most, next] = order.map((index) => probabilities[index]);
  const percent = most === 1 ? "> 99.9 %" : inPercent(most);
  if (most >= 0.95) return `This is ${first}: ${percent}.`;
  if (most >= 0.6) return `Probably ${first} (${percent})${next > 0.05 ? `, perhaps ${second}` : ""}.`;
  return `Not sure: ${first} (${percent}) or ${second}?`;
}
