// Examples of a data set's test split, to click through. Only where a server is there to ask.

import { element } from "handgrad/elements.js";
import { grey, paint } from "handgrad/draw/shades.js";
import { size } from "handgrad/model/shapes.js";

const COUNT = 24;

/** The bytes of /data/examples, one array an example. */
export function decode({ inputs, labels, classes, input_shape: shape }) {
  const bytes = Uint8Array.from(atob(inputs), (character) => character.charCodeAt(0));
  const each = size(shape);
  return labels.map((label, k) => ({ pixels: bytes.subarray(k * each, (k + 1) * each), label: classes[label] ?? String(label) }));
}

export class Examples {
  #offset = 0;
  #total = 0;

  constructor(app) {
    this.app = app;
    this.choice = element("select", { "aria-label": "Data set", onchange: () => this.#turn(-Infinity) });
    this.strip = element("div", { class: "strip", role: "group", "aria-label": "Examples of the test split" });
    const step = (by, name, text) => element("button", { type: "button", "aria-label": name, onclick: () => this.#turn(by) }, text);
    this.controls = element("div", { class: "row" }, this.choice, step(-COUNT, "Examples before", "←"), step(COUNT, "Next examples", "→"));
    this.element = element(
      "section",
      { class: "panel examples", "aria-label": "Examples" },
      element("div", { class: "stage-head" }, element("h2", {}, "Test examples"), this.controls),
      this.strip,
    );
    this.strip.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Ask what there is; the first data set of pictures is opened. */
  async open() {
    try {
      const sets = await this.app.api("/data");
      const fitting = sets.filter(({ input_shape: shape }) => !shape || size(shape) === 784);
      this.choice.replaceChildren(...fitting.map(({ name }) => element("option", { value: name }, name)));
      if (!fitting.length) throw new Error("the server has no data set of 28×28 pictures at hand");
      await this.#load();
    } catch (error) {
      this.#problem(error.message);
    }
  }

  async #turn(by) {
    const last = Math.max(0, Math.floor((this.#total - 1) / COUNT) * COUNT);
    this.#offset = by === -Infinity ? 0 : Math.min(last, Math.max(0, this.#offset + by));
    await this.#load().catch((error) => this.app.say(error.message));
  }

  async #load() {
    const name = this.choice.value;
    const query = new URLSearchParams({ name, split: "test", offset: this.#offset, limit: COUNT });
    const answer = await this.app.api(`/data/examples?${query}`);
    if (name !== this.choice.value) return; // another was chosen meanwhile
    this.#total = answer.total;
    this.strip.replaceChildren(...decode(answer).map((example, k) => this.#button(example, k)));
  }

  #button({ pixels, label }, k) {
    const canvas = element("canvas", { class: "pixels", width: 28, height: 28, "aria-hidden": "true" });
    paint(canvas, (place) => grey(pixels[place] / 255));
    const name = `Example ${this.#offset + k + 1}, labelled ${label}`;
    return element(
      "button",
      {
        type: "button",
        class: "example",
        "aria-label": name,
        title: name,
        tabindex: k ? -1 : 0,
        onclick: () => this.app.showExample(pixels, label),
      },
      canvas,
    );
  }

  #key(event) {
    const buttons = [...this.strip.children];
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = buttons[buttons.indexOf(document.activeElement) + step];
    if (!step || !next) return;
    event.preventDefault();
    document.activeElement.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  #problem(text) {
    this.strip.replaceChildren(element("p", { class: "note" }, `No examples: ${text}`));
  }
}
