// The predicted class and a bar for the probability of each. The bars also select the class to explain.

import { argmax, arrowTarget, element } from "handgrad/elements.js";

export class Prediction {
  #rows = [];

  /** @param select  called with the index of a class, and true where selecting it again must not deselect it */
  constructor(select) {
    this.select = select;
    this.large = element("p", { class: "answer-large", "aria-hidden": "true" });
    this.sentence = element("p", { class: "answer-words" });
    this.live = element("p", { class: "visually-hidden", "aria-live": "polite" });
    this.bars = element("div", {
      class: "bars",
      role: "radiogroup",
      "aria-label": "Probabilities. Select a class to explain its logit",
      onkeydown: (event) => this.#onKey(event),
    });
    this.message = element("div", { class: "answer-message", hidden: true });
    this.head = element("div", { class: "answer-head" }, this.large, this.sentence);
    this.element = element("div", { class: "answer" }, this.head, this.bars, this.message, this.live);
  }

  /** Show why there is no prediction, in place of the bars. */
  showMessage(...lines) {
    this.message.replaceChildren(...lines);
    this.message.hidden = false;
    this.bars.hidden = this.head.hidden = true;
  }

  setClasses(classes) {
    this.classes = classes;
    this.message.hidden = true;
    this.bars.hidden = this.head.hidden = false;
    this.#rows = classes.map((name, index) => {
      const fill = element("span", { class: "bar-fill" });
      const percent = element("span", { class: "bar-percent" }, "–");
      const row = element(
        "button",
        { class: "bar", type: "button", role: "radio", onclick: () => this.select(index) },
        element("span", { class: "bar-name" }, name),
        element("span", { class: "bar-track" }, fill),
        percent,
      );
      return { row, fill, percent };
    });
    this.bars.replaceChildren(...this.#rows.map(({ row }) => row));
    this.bars.classList.toggle("many", classes.length > 10);
    this.bars.classList.toggle("short", classes.length <= 10 && classes.every((name) => name.length <= 2));
  }

  /** Show probabilities; null: there is no input. */
  update(probabilities, focus, selected) {
    const best = probabilities ? argmax(probabilities) : -1;
    this.large.textContent = probabilities ? this.classes[best] : "";
    this.large.classList.toggle("long", probabilities !== null && this.classes[best].length > 2);
    this.sentence.textContent = probabilities ? inWords(probabilities, this.classes) : "Draw something, and the network predicts its class.";
    this.#rows.forEach(({ row, fill, percent }, index) => {
      const probability = probabilities?.[index] ?? 0;
      fill.style.setProperty("--share", probability);
      percent.textContent = probabilities ? inPercent(probability) : "–";
      percent.dataset.short = probabilities ? Math.round(100 * probability) : "–"; // on narrow screens
      row.classList.toggle("best", index === best);
      row.setAttribute("aria-checked", index === focus);
      row.setAttribute("aria-label", `${this.classes[index]}: ${probabilities ? inPercent(probability) : "no input"}`);
      row.tabIndex = index === Math.max(0, focus) ? 0 : -1;
      row.title = index === selected ? "selected: press again to explain the predicted class" : `explain the logit of ${this.classes[index]}`;
    });
  }

  /** Announce the prediction to screen readers, once per finished stroke. */
  announce() {
    this.live.textContent = this.sentence.textContent;
  }

  #onKey(event) {
    const count = this.#rows.length;
    const at = this.#rows.findIndex(({ row }) => row === document.activeElement);
    const target = event.key.startsWith("Arrow") ? arrowTarget(event, at, count, 1) : undefined;
    if (at < 0 || target === undefined) return;
    event.preventDefault();
    const index = (target + count) % count;
    this.select(index, true);
    this.#rows[index].row.focus();
  }
}

/** A percentage that is 100 or 0 only where the probability is exactly 1 or 0. */
function inPercent(probability) {
  const percent = 100 * probability;
  if (percent > 99.9 && probability < 1) return "> 99.9 %";
  if (percent < 0.1 && probability > 0) return "< 0.1 %";
  return `${percent.toFixed(1)} %`;
}

/** The prediction and its probability in one sentence. */
function inWords(probabilities, classes) {
  const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  const [first, second] = order.map((index) => classes[index]);
  const most = probabilities[order[0]];
  const percent = inPercent(most);
  if (most >= 0.95) return `This is ${first}: ${percent}.`;
  if (most >= 0.6) return `Probably ${first} (${percent}), perhaps ${second}.`;
  return `Not sure: ${first} (${percent}) or ${second}?`;
}
