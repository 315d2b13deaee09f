// The pad for one digit of the collection, its prediction, and the buttons that label it.

import { pixelsOf } from "handgrad/draw/strokes.js";
import { History } from "handgrad/draw/history.js";
import { Pad } from "handgrad/draw/pad.js";
import { argmax, button, eachFrame, element, panel } from "handgrad/elements.js";

const DIGITS = [..."0123456789"];

export class Drawing {
  #history = new History();

  /**
   * @param app
   * @param collect  called with (pixels, label)
   */
  constructor(app, collect) {
    this.app = app;
    this.collect = collect;
    const undo = () => (this.#history.undo(), this.#redraw());
    this.pad = new Pad(this.#history, {
      changed: () => this.refresh(),
      write: (digit) => this.#label(digit),
      undo,
      clear: () => this.#clear(),
      notify: (text) => app.notify(text),
    });
    this.pad.canvas.setAttribute("aria-describedby", "collect-keys");
    this.undoes = button("Undo", undo);
    this.clears = button("Clear", () => this.#clear());
    this.prediction = element("p", { class: "note collect-prediction" });
    this.labels = element("div", { class: "collect-labels", role: "group", "aria-labelledby": "collect-question" });
    this.element = panel(
      "collect",
      "Draw a digit",
      element("h2", {}, "Draw a digit"),
      this.pad.element,
      element("div", { class: "row collect-tools" }, this.undoes, this.clears, this.prediction),
      element("h3", { id: "collect-question" }, "Label"),
      this.labels,
      element("p", { class: "note", id: "collect-keys" }, "In the drawing area, the keys 0 … 9 label the digit; arrow keys and Space draw, Z undoes."),
    );
    this.refresh = eachFrame(() => this.#refresh());
    this.setNetwork();
  }

  /** Use the app's network, if it takes 28×28 pixels. */
  setNetwork() {
    const { network } = this.app;
    this.network = network?.takesDrawings ? network : null;
    const classes = this.network?.classes ?? DIGITS;
    this.labels.replaceChildren(...classes.map((label) => button(label, () => this.#label(label), { "aria-label": `Label as ${label}` })));
    this.refresh();
  }

  #pixels() {
    const { drawing } = this.#history.sheet;
    return drawing.strokes.length ? pixelsOf(drawing, this.network?.framing ?? "digit") : null;
  }

  #refresh() {
    const pixels = this.#pixels();
    this.undoes.disabled = !this.#history.canUndo;
    this.clears.disabled = this.#history.empty;
    for (const each of this.labels.children) each.setAttribute("aria-disabled", !pixels);
    this.prediction.textContent = pixels ? this.#predict(pixels) : "";
  }

  #predict(pixels) {
    if (!this.network) return "There is no network yet";
    const { prediction: probabilities } = this.network.forward(pixels);
    const best = argmax(probabilities);
    return `Prediction: ${this.network.classes[best]} (${Math.round(100 * probabilities[best])} %)`;
  }

  async #label(label) {
    const pixels = this.#pixels();
    const known = [...this.labels.children].some((each) => each.textContent === label);
    if (!pixels || !known) return this.app.notify(pixels ? `this network has no class ${label}` : "draw something first");
    const collected = this.collect(pixels, label);
    this.#clear();
    if ((await collected) || !this.#history.empty) return;
    this.#history.undo(); // it was not saved
    this.#redraw();
  }

  #clear() {
    this.#history.clear();
    this.#redraw();
  }

  #redraw() {
    this.pad.draw();
    this.refresh();
  }
}
