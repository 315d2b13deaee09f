// Before and after fine-tuning: the accuracy of two networks on the collection and on test images, and changed predictions.

import { button, digitCanvas, element, panel } from "handgrad/elements.js";
import { Evaluator } from "handgrad/train/evaluator.js";
import { count, percent } from "handgrad/train/format.js";
import { digitsFor, examplesOf } from "handgrad/train/test_images.js";

const LIMIT = 24; // changed predictions listed per set

const table = (head, rows, caption = null) =>
  element("table", {}, caption && element("caption", { class: "visually-hidden" }, caption), element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows));

export class Comparison {
  constructor(app) {
    this.app = app;
    this.evaluator = new Evaluator();
    this.status = element("p", { class: "note comparison-status" }, "After fine-tuning on your digits, the accuracy before and after is shown here.");
    this.sums = element("div", { class: "comparison-sums" });
    this.changes = element("div", { class: "comparison-changes" });
    this.element = panel("comparison", "Before and after", element("h2", {}, "Before and after"), this.status, this.sums, this.changes);
  }

  /** Show one line in place of a comparison. */
  showStatus(text) {
    this.evaluator.stop();
    this.status.textContent = text;
    this.sums.replaceChildren();
    this.changes.replaceChildren();
  }

  /**
   * Compare two networks.
   * @param before, after  {name, network}
   * @param collected      the collection's digits, like the result of `examplesOf`
   */
  async show(before, after, collected) {
    this.showStatus(`Classifying with ${before.name} and ${after.name} …`);
    try {
      const { name } = await digitsFor(this.app, before.network.recipe?.data?.source ?? "");
      const test = await examplesOf(this.app, name);
      const results = [];
      for (const [title, examples] of [["your digits", collected], [`test images of ${test.name}`, test]]) {
        const first = await this.#predict(before, examples, title);
        const second = first && (await this.#predict(after, examples, title));
        if (!second) return; // another comparison has started
        results.push({ title, examples, first, second });
      }
      this.#showAccuracies(before, after, results);
      this.#showChanges(results);
      this.status.textContent = "Most of your digits are training data of the second network: draw new ones for a fair comparison. The test images are not.";
    } catch (error) {
      this.showStatus(error.message);
    }
  }

  async #predict({ name, network }, examples, title) {
    const predictions = [];
    const finished = await this.evaluator.classify(network, examples.pixels, examples.count, (first, found) => {
      predictions.push(...found.map((index) => network.classes[index]));
      this.status.textContent = `${name} classifies ${title}: ${count(first + found.length)} of ${count(examples.count)}`;
    });
    return finished ? predictions : null;
  }

  #showAccuracies(before, after, results) {
    const head = ["", `before: ${before.name}`, `after: ${after.name}`, "change"].map((text, k) => element("th", { scope: "col", class: k ? "number" : null }, text));
    const rows = results.map(({ title, examples, first, second }) => {
      const [a, b] = [first, second].map((predictions) => predictions.filter((each, k) => each === examples.labels[k]).length);
      const share = (correct) => `${count(correct)} of ${count(examples.count)} (${percent(correct / examples.count)})`;
      const cells = [share(a), share(b), `${b > a ? "+" : b < a ? "−" : "±"}${count(Math.abs(b - a))}`];
      return element("tr", {}, element("th", { scope: "row" }, title), ...cells.map((text) => element("td", { class: "number" }, text)));
    });
    this.sums.replaceChildren(table(head, rows, "Correct predictions"));
  }

  #showChanges(results) {
    const parts = results.flatMap(({ title, examples, first, second }) => {
      const changed = [...first.keys()].filter((k) => first[k] !== second[k]);
      const heading = element("h3", {}, `Changed predictions in ${title}: ${changed.length ? count(changed.length) : "none"}`);
      if (!changed.length) return [heading];
      const head = ["Digit", "Label", "Before", "After"].map((text) => element("th", { scope: "col" }, text));
      const rows = changed.slice(0, LIMIT).map((k) => {
        const label = examples.labels[k];
        const result = (prediction) => `${prediction}, ${prediction === label ? "correct" : "wrong"}`;
        const cells = [this.#thumbnail(examples, k), label, result(first[k]), result(second[k])];
        return element("tr", {}, ...cells.map((cell) => element("td", {}, cell)));
      });
      const note = changed.length > LIMIT ? [element("p", { class: "note" }, `The first ${LIMIT}:`)] : [];
      return [heading, ...note, table(head, rows)];
    });
    this.changes.replaceChildren(...parts);
  }

  #thumbnail({ pixels, labels }, k) {
    const digit = pixels.slice(784 * k, 784 * (k + 1));
    const name = `Image ${k + 1}, labelled ${labels[k]}: open in Draw`;
    return button(digitCanvas(digit), () => this.app.showExample(digit, labels[k]), { class: "thumb", "aria-label": name, title: name });
  }
}
