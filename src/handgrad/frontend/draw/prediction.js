// The prediction in words, and a bar or a number for each class, label or target, which also selects what is explained.

import { wordingOf } from "handgrad/draw/wording.js";
import { arrowTarget, button, element } from "handgrad/elements.js";

export class Prediction {
  #rows = [];

  /**
   * @param select  called with the index of a class, and true where selecting it again must not deselect it
   * @param {string} empty  shown where there is no input
   */
  constructor(select, empty = "") {
    this.select = select;
    this.empty = empty;
    this.large = element("p", { class: "answer-large", "aria-hidden": "true" });
    this.sentence = element("p", { class: "answer-words" });
    this.warning = element("p", { class: "answer-warning", role: "status" });
    this.live = element("p", { class: "visually-hidden", "aria-live": "polite" });
    this.bars = element("div", { class: "bars", role: "radiogroup", onkeydown: (event) => this.#onKey(event) });
    this.note = element("p", { class: "note" });
    this.message = element("div", { class: "answer-message", hidden: true });
    this.head = element("div", { class: "answer-head" }, this.large, element("div", {}, this.sentence, this.warning));
    this.element = element("div", { class: "answer" }, this.head, this.bars, this.note, this.message, this.live);
  }

  /** Show why there is no prediction, in place of the bars. */
  showMessage(...lines) {
    this.message.replaceChildren(...lines);
    this.message.hidden = false;
    this.bars.hidden = this.head.hidden = true;
  }

  /** @param network  whose classes, task, targetScaling and recipe say what is predicted */
  setNetwork(network) {
    const { classes, task } = network;
    this.classes = classes;
    this.wording = wordingOf(network);
    this.note.textContent = this.wording.note ?? "";
    this.message.hidden = true;
    this.head.hidden = false;
    this.bars.hidden = task === "regression" && classes.length === 1; // the text says it all
    this.bars.setAttribute("aria-label", this.wording.label);
    this.#rows = classes.map((name, index) => {
      const [fill, percent] = [element("span", { class: "bar-fill" }), element("span", { class: "bar-percent" })];
      const row = button(element("span", { class: "bar-name" }, name), () => this.select(index), { class: "bar", role: "radio" });
      row.append(element("span", { class: "bar-track" }, fill), percent);
      return { row, fill, percent };
    });
    this.bars.replaceChildren(...this.#rows.map(({ row }) => row));
    const short = task === "classification" && classes.length > 5 && classes.length <= 10 && classes.every((name) => name.length <= 2);
    const kinds = { many: classes.length > 10, short, labels: task === "multilabel", targets: task === "regression" };
    for (const [kind, given] of Object.entries(kinds)) this.bars.classList.toggle(kind, given);
  }

  /** Show a prediction, as of `Network.predict`; null: there is no input. */
  update(prediction, focus, selected) {
    const { headline, sentence, text, predicted } = this.wording;
    this.large.textContent = prediction ? headline(prediction, focus) : "";
    this.large.classList.toggle("long", this.large.textContent.length > 2);
    this.sentence.textContent = prediction ? sentence(prediction, focus) : this.empty;
    this.#rows.forEach(({ row, fill, percent }, index) => {
      const value = prediction?.[index] ?? 0;
      const shown = prediction ? text(value, index) : "–";
      fill.style.setProperty("--share", value);
      percent.textContent = shown;
      percent.title = prediction ? String(value) : "";
      percent.dataset.short = prediction ? Math.round(100 * value) : "–"; // on narrow screens
      row.classList.toggle("best", prediction !== null && predicted(prediction, index));
      row.setAttribute("aria-checked", index === focus);
      row.setAttribute("aria-label", `${this.classes[index]}: ${prediction ? shown : "no input"}`);
      row.tabIndex = index === Math.max(0, focus) ? 0 : -1;
      row.title = index === selected ? "selected: press again to explain the prediction" : `explain ${this.classes[index]}`;
    });
  }

  /** Show a doubt about the input in place of the sentence, or none. */
  warn(text) {
    this.sentence.hidden = text !== "";
    if (this.warning.textContent !== text) this.warning.textContent = text; // screen readers announce each assignment
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
