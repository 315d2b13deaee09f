// A prediction in words and numbers, for each task.

import { argmax } from "handgrad/elements.js";

const ABOVE = 0.5; // the probability above which a label is predicted

/**
 * Return how predictions of a network are written.
 * @returns {{label: string, headline, sentence: function(prediction, focus): string, text: function(value, index): string,
 *   predicted: function(prediction, index): boolean}}
 *   the name of the bars; the answer in a word and in a sentence; a value; whether a class, label or target is predicted
 */
export function wordingOf({ classes, task, targetScaling }) {
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
  return {
    label: "Probabilities. Select a class to explain",
    headline: (prediction) => classes[argmax(prediction)],
    sentence: (prediction) => inWords(prediction, classes),
    text: inPercent,
    predicted: (prediction, index) => index === argmax(prediction),
  };
}

/** Return a function that writes numbers with three digits of their deviation, e.g. 1,234.5 of 50. */
export function numberFormat(deviation, signDisplay = "negative") {
  const decimals = Math.min(20, Math.max(0, 2 - Math.floor(Math.log10(deviation))));
  const settings = { minimumFractionDigits: decimals, maximumFractionDigits: decimals, signDisplay };
  return (value) => value.toLocaleString("en", settings).replace("-", "−");
}

/** A percentage that is 100 or 0 only where the probability is exactly 1 or 0. */
function inPercent(probability) {
  const percent = 100 * probability;
  if (percent > 99.9 && probability < 1) return "> 99.9 %";
  if (percent < 0.1 && probability > 0) return "< 0.1 %";
  return `${percent.toFixed(1)} %`;
}

/** The predicted class and its probability in one sentence. */
function inWords(probabilities, classes) {
  const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  const [first, second] = order.map((index) => classes[index]);
  const [most, next] = order.map((index) => probabilities[index]);
  const percent = inPercent(most);
  if (most >= 0.95) return `This is ${first}: ${percent}.`;
  if (most >= 0.6) return `Probably ${first} (${percent})${next > 0.05 ? `, perhaps ${second}` : ""}.`;
  return `Not sure: ${first} (${percent}) or ${second}?`;
}
