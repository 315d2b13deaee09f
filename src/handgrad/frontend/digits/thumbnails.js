// The collection as thumbnails, a row per class; one can be selected, opened in Draw and removed.

import { button, digitCanvas, element, moveFocus } from "handgrad/elements.js";

export class Thumbnails {
  #selected = null; // index in the collection
  #buttons = [];

  constructor(app, collection) {
    this.app = app;
    this.collection = collection;
    this.rows = element("div", { class: "thumbnail-rows", onkeydown: (event) => this.#onKey(event) });
    this.opens = button("Open in Draw", () => app.showExample(collection.pixelsOf(this.#selected), collection.examples.labels[this.#selected]));
    this.removes = button("Remove", () => this.#remove(this.#selected));
    this.status = element("p", { class: "note thumbnail-status" });
    this.element = element("div", {}, this.rows, element("div", { class: "row thumbnail-tools" }, this.opens, this.removes, this.status));
  }

  /** Show the collection; `classes` are the network's. */
  draw(classes) {
    const { name, count, examples } = this.collection;
    const focused = this.#buttons.indexOf(document.activeElement);
    this.#buttons = examples.labels.map((label, index) => {
      const select = () => this.#select(index === this.#selected ? null : index);
      const settings = { class: "thumb", "aria-label": `Digit ${index + 1}, a ${label}` };
      return button(digitCanvas(this.collection.pixelsOf(index)), select, settings);
    });
    const rows = [...new Set([...classes, ...examples.labels])].map((label) => {
      const thumbs = this.#buttons.filter((_, index) => examples.labels[index] === label);
      const title = element("p", { class: "thumbnail-name" }, element("b", {}, label), element("span", {}, thumbs.length || ""));
      const settings = { class: "thumbnail-row", role: "group", "aria-label": `${label}: ${thumbs.length}` };
      return element("div", settings, title, element("div", { class: "thumbnail-row-thumbs" }, ...thumbs));
    });
    this.rows.replaceChildren(...rows);
    this.status.textContent = `${count} ${count === 1 ? "digit" : "digits"}${count ? `, saved as digits/${name}` : ""}`;
    this.#select(this.#selected < count ? this.#selected : null);
    if (focused >= 0) this.#buttons[Math.min(focused, count - 1)]?.focus();
  }

  #select(index) {
    this.#selected = index;
    this.#buttons.forEach((each, k) => {
      each.setAttribute("aria-pressed", k === index);
      each.tabIndex = k === (index ?? 0) ? 0 : -1;
    });
    this.opens.disabled = this.removes.disabled = index === null;
  }

  async #remove(index) {
    const label = this.collection.examples.labels[index];
    this.#selected = null;
    try {
      await this.collection.remove(index);
      this.app.notify(`removed a ${label}`);
    } catch (error) {
      this.app.notify(error.message);
    }
  }

  #onKey(event) {
    const focused = this.#buttons.indexOf(document.activeElement);
    if (event.key === "Delete" && focused >= 0) this.#remove(focused);
    else moveFocus(event, [...this.rows.querySelectorAll(".thumb")]);
  }
}
