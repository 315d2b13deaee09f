// Examples of a data set's test split, to open in the Draw section.

import { button, digitCanvas, element, moveFocus, panel } from "handgrad/elements.js";

const COUNT = 20;

export class Examples {
  #start = 0;
  #total = 0;

  constructor(store) {
    this.store = store;
    this.choice = element("select", { "aria-label": "Data set", onchange: () => this.#turn(-Infinity) });
    this.strip = element("div", {
      class: "strip",
      role: "group",
      "aria-label": "Examples of the test split",
      onkeydown: (event) => moveFocus(event, [...this.strip.children]),
    });
    const step = (by, label, text) => button(text, () => this.#turn(by), { class: "quiet", "aria-label": label });
    this.element = panel(
      "examples",
      "Examples",
      element("h2", {}, "Test examples"),
      this.choice,
      step(-COUNT, "Previous examples", "←"),
      this.strip,
      step(COUNT, "Next examples", "→"),
    );
    this.element.hidden = true;
  }

  /** List the data sets, and open the first; without any, there is nothing to show. */
  async open() {
    const sets = (await this.store.backend?.datasets().catch(() => [])) ?? [];
    this.choice.replaceChildren(...sets.map(({ name }) => element("option", { value: name }, name)));
    if (sets.length) await this.#load().catch(() => {});
  }

  async #turn(by) {
    const last = Math.max(0, Math.floor((this.#total - 1) / COUNT) * COUNT);
    this.#start = by === -Infinity ? 0 : Math.min(last, Math.max(0, this.#start + by));
    await this.#load().catch((error) => this.store.set({ status: error.message }));
  }

  async #load() {
    const name = this.choice.value;
    const { images, labels, total } = await this.store.backend.examples(name, "test", this.#start, COUNT);
    if (name !== this.choice.value) return; // another was chosen meanwhile
    this.#total = total;
    this.element.hidden = false;
    this.strip.replaceChildren(...Array.from(labels, (label, k) => this.#button(images.subarray(784 * k, 784 * (k + 1)), label, k)));
  }

  #button(pixels, label, k) {
    const name = `Example ${this.#start + k + 1}, labelled ${label}`;
    const open = () => this.store.set({ pixels: Uint8Array.from(pixels), status: `Example opened, labelled ${label}` });
    return button(digitCanvas(pixels), open, { class: "example", "aria-label": name, title: name, tabindex: k ? -1 : 0 });
  }
}
