// Before and after fine-tuning: the accuracy of two networks on the collection and on test images, and changed predictions.

import { element, panel } from "handgrad/elements.js";
import { describe, imageButton, imageGrid } from "handgrad/image_grid.js";
import { openExample } from "handgrad/train/actions.js";
import { classify, testImages } from "handgrad/train/evaluation.js";
import { count, percent } from "handgrad/train/format.js";

const LIMIT = 40; // changed predictions shown per set
const INTRODUCTION = "After fine-tuning on your digits, the accuracy before and after is shown here.";
const FAIRNESS = "Most of your digits are training data of the second network: draw new ones for a fair comparison.";

/** Return the element, and functions that show one line in it, or a comparison. */
export function comparison(store) {
  let work = new AbortController();
  const status = element("p", { class: "note comparison-status" }, INTRODUCTION);
  const results = element("div", { class: "comparison-results" });

  /** Show one line in place of a comparison. */
  function say(text) {
    work.abort();
    work = new AbortController();
    status.textContent = text;
    results.replaceChildren();
  }

  /** Compare two networks, each {name, network}, on the digits of the collection and on test images. */
  async function show(before, after, digits) {
    say(`Classifying with ${before.name} and ${after.name} …`);
    const { signal } = work;
    const images = Uint8Array.from(digits.flatMap(({ pixels }) => [...pixels]));
    const drawn = { title: "your digits", images, labels: digits.map(({ label }) => label) };
    const test = await testImages(store.backend, before.network.recipe?.data?.source ?? "", true);
    const sets = [];
    for (const set of [drawn, { title: `test images of ${test.name}`, ...test }]) {
      const found = [];
      for (const { name, network } of [before, after]) {
        const progress = ({ length }) => {
          status.textContent = `${name} classifies ${set.title}: ${count(length)} of ${count(set.labels.length)}`;
        };
        found.push(await classify(network, set, signal, progress));
        if (signal.aborted) return; // another comparison has started
      }
      sets.push({ ...set, found });
    }
    status.textContent = FAIRNESS;
    results.replaceChildren(accuracies(before, after, sets), ...sets.flatMap(changes));
  }

  function accuracies(before, after, sets) {
    const cell = (text, k) => element(k ? "td" : "th", k ? { class: "number" } : { scope: "row" }, text);
    const rows = sets.map(({ title, labels, found }) => {
      const [a, b] = found.map((predictions) => predictions.filter((each, k) => each === labels[k]).length);
      const share = (correct) => `${count(correct)} of ${count(labels.length)} (${percent(correct / labels.length)})`;
      const change = `${b > a ? "+" : b < a ? "−" : "±"}${count(Math.abs(b - a))}`;
      return element("tr", {}, ...[title, share(a), share(b), change].map(cell));
    });
    const head = ["Correct predictions", `before: ${before.name}`, `after: ${after.name}`, "change"];
    const titles = head.map((text, k) => element("th", { scope: "col", class: k ? "number" : null }, text));
    return element("table", {}, element("thead", {}, element("tr", {}, ...titles)), element("tbody", {}, ...rows));
  }

  /** The images of a set whose prediction has changed. */
  function changes({ title, images, labels, found: [first, second] }) {
    const changed = [...first.keys()].filter((k) => first[k] !== second[k]);
    const shown = changed.slice(0, LIMIT).map((k) => {
      const pixels = images.subarray(784 * k, 784 * (k + 1));
      const [was, is] = [first[k], second[k]].map((each) => `${each}, ${each === labels[k] ? "correct" : "wrong"}`);
      const name = `Image ${k + 1}, labelled ${labels[k]}: before ${was}, after ${is}; open in Draw`;
      const image = imageButton(pixels, () => openExample(store, pixels, labels[k]));
      describe(image, `${first[k]} → ${second[k]}`, name, second[k] !== labels[k]);
      return image;
    });
    const many = changed.length > LIMIT ? `, of which ${LIMIT} are shown` : "";
    const grid = imageGrid(`Changed predictions in ${title}`);
    grid.append(...shown);
    return [element("h3", {}, `Changed predictions in ${title}: ${changed.length ? count(changed.length) : "none"}${many}`), grid];
  }

  return { element: panel("comparison", "Before and after", element("h2", {}, "Before and after"), status, results), say, show };
}
