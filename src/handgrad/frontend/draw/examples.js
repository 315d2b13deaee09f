// Examples of a data set's test split, to open in the Draw section. Needs a server.

import { button, digitCanvas, element, fromBase64, moveFocus, panel } from "handgrad/elements.js";
import { size } from "handgrad/model/shapes.js";

const COUNT = 24;

export class Examples {
  #offset = 0;
  #total = 0;

  constructor(app) {
    this.app = app;
    this.choice = element("select", { "aria-label": "Data set", onchange: () => this.#turn(-Infinity) });
    this.strip = element("div", {
      class: "strip",
      role: "group",
      "aria-label": "Examples of the test split",
      onkeydown: (event) => moveFocus(event, [...this.strip.children]),
    });
    const step = (by, label, text) => button(text, () => this.#turn(by), { "aria-label": label });
    const controls = element(
      "div",
      { class: "row" },
      this.choice,
      step(-COUNT, "Previous examples", "←"),
      step(COUNT, "Next examples", "→"),
    );
    this.element = panel(
      "examples",
      "Examples",
      element("div", { class: "stage-head" }, element("h2", {}, "Test examples"), controls),
      this.strip,
    );
  }

  /** List the server's data sets and open the first one of images. */
  async open() {
    try {
      const sets = await this.app.api("/data");
      const images = sets.filter(({ input_shape: shape }) => !shape || size(shape) === 784);
      this.choice.replaceChildren(...images.map(({ name }) => element("option", { value: name }, name)));
      if (!images.length) throw new Error("the server has no data set of 28×28 images");
      await this.#load();
    } catch (error) {
      this.strip.replaceChildren(element("p", { class: "note" }, `No examples: ${error.message}`));
    }
  }

  async #turn(by) {
    const last = Math.max(0, Math.floor((this.#total - 1) / COUNT) * COUNT);
    this.#offset = by === -Infinity ? 0 : Math.min(last, Math.max(0, this.#offset + by));
    await this.#load().catch((error) => this.app.notify(error.message));
  }

  async #load() {
    const name = this.choice.value;
    const query = new URLSearchParams({ name, split: "test", offset: this.#offset, limit: COUNT });
    const { inputs, labels, classes, total } = await this.app.api(`/data/examples?${query}`);
    if (name !== this.choice.value) return; // another was chosen meanwhile
    this.#total = total;
    const bytes = fromBase64(inputs);
    this.strip.replaceChildren(
      ...labels.map((label, k) => this.#button(bytes.subarray(784 * k, 784 * (k + 1)), classes[label] ?? String(label), k)),
    );
  }

  #button(pixels, label, k) {
    const name = `Example ${this.#offset + k + 1}, labelled ${label}`;
    return button(digitCanvas(pixels), () => this.app.showExample(pixels, label), {
      class: "example",
      "aria-label": name,
      title: name,
      tabindex: k ? -1 : 0,
    });
  }
}
