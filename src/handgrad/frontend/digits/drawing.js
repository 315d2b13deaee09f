// The sheet for one digit of one's own, what the network makes of it, and the buttons that say what it was.

import { framedAs } from "handgrad/draw/draw.js";
import { History } from "handgrad/draw/history.js";
import { Pad } from "handgrad/draw/pad.js";
import { blank } from "handgrad/draw/strokes.js";
import { eachFrame, element } from "handgrad/elements.js";
import { size } from "handgrad/model/shapes.js";

const DIGITS = [..."0123456789"];

export class Drawing {
  #history = new History();

  /**
   * @param app
   * @param collect  called with (pixels, label, drawing)
   */
  constructor(app, collect) {
    this.app = app;
    this.collect = collect;
    this.pad = new Pad(this.#history, {
      changed: () => this.read(),
      write: (digit) => this.#say(digit),
      undo: () => this.#undo(),
      clear: () => this.#clear(),
      pen: (text) => app.say(text),
    });
    this.pad.canvas.setAttribute("aria-describedby", "collect-keys");
    const button = (text, order) => element("button", { type: "button", onclick: order }, text);
    this.back = button("Undo", () => this.#undo());
    this.away = button("Clear", () => this.#clear());
    this.reading = element("p", { class: "note collect-reading" });
    this.labels = element("div", { class: "collect-labels", role: "group", "aria-labelledby": "collect-question" });
    this.element = element(
      "section",
      { class: "panel collect", "aria-label": "Draw a digit of your own" },
      element("h2", {}, "Draw one"),
      this.pad.element,
      element("div", { class: "row collect-tools" }, this.back, this.away, this.reading),
      element("h3", { id: "collect-question" }, "What was it?"),
      this.labels,
      element("p", { class: "note", id: "collect-keys" }, "On the sheet, the keys 0 … 9 say it; arrow keys and Space draw, Z undoes."),
    );
    this.read = eachFrame(() => this.#read());
    this.setNetwork();
  }

  /** The network of the page is another now. */
  setNetwork() {
    const fits = this.app.network && size(this.app.network.inputShape) === 784;
    this.network = fits ? this.app.network : null;
    const classes = this.network?.classes ?? DIGITS;
    this.labels.replaceChildren(...classes.map((label) => element("button", { type: "button", "aria-label": `It was ${label}`, onclick: () => this.#say(label) }, label)));
    this.read();
  }

  #pixels() {
    const { drawing } = this.#history.sheet;
    return drawing.strokes.length ? framedAs(drawing, this.network?.framing ?? "digit") : null;
  }

  #read() {
    const pixels = this.#pixels();
    this.back.disabled = !this.#history.canUndo;
    this.away.disabled = this.#history.empty;
    for (const button of this.labels.children) button.setAttribute("aria-disabled", !pixels);
    if (!pixels) return (this.reading.textContent = "");
    if (!this.network) return (this.reading.textContent = "no network reads it yet");
    const { probabilities } = this.network.forward(pixels);
    const best = probabilities.indexOf(Math.max(...probabilities));
    this.reading.textContent = `The network reads ${this.network.classes[best]} (${Math.round(100 * probabilities[best])} %)`;
  }

  #say(label) {
    const pixels = this.#pixels();
    const known = [...this.labels.children].some((button) => button.textContent === label);
    if (!pixels || !known) return this.app.say(pixels ? `this network knows no ${label}` : "draw something first");
    this.collect(pixels, label, this.#history.sheet.drawing);
    this.#clear();
  }

  #undo() {
    this.#history.undo();
    this.pad.draw();
    this.read();
  }

  #clear() {
    if (!this.#history.empty) this.#history.push({ drawing: blank(this.#history.sheet.drawing.width), example: null, edits: new Map() });
    this.pad.draw();
    this.read();
  }
}
