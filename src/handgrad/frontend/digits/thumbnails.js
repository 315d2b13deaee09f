// The collection as thumbnails, a row per class; one can be selected, opened in Draw and removed.

import { button, digitCanvas, element, moveFocus } from "handgrad/elements.js";

export class Thumbnails {
  #selected = null; // index among all
  #buttons = [];

  constructor(app, collection) {
    this.app = app;
    this.collection = collection;
    this.rows = element("div", { class: "thumbnail-rows", onkeydown: (event) => this.#onKey(event) });
    this.opens = button("Open in Draw", () => this.#digit && this.app.showExample(this.#digit.pixels, this.#digit.label));
    this.removes = button("Remove", () => this.#remove());
    this.status = element("p", { class: "note thumbnail-status" });
    this.element = element("div", {}, this.rows, element("div", { class: "row thumbnail-tools" }, this.opens, this.removes, this.status));
  }

  get #digit() {
    return this.collection.all[this.#selected];
  }

  /** Show the collection; `classes` are the network's. */
  draw(classes) {
    const all = this.collection.all;
    if (this.#selected !== null && this.#selected >= all.length) this.#selected = null;
    const others = [...new Set(all.map(({ label }) => label))].filter((label) => !classes.includes(label));
    this.#buttons = all.map((digit, index) => this.#thumbnail(digit, index));
    this.rows.replaceChildren(
      ...[...classes, ...others].map((label) => {
        const digits = this.#buttons.filter((_, index) => all[index].label === label);
        const name = element("p", { class: "thumbnail-name" }, element("b", {}, label), element("span", {}, digits.length || ""));
        const thumbs = element("div", { class: "thumbnail-row-thumbs" }, ...digits);
        return element("div", { class: "thumbnail-row", role: "group", "aria-label": `${label}: ${digits.length}` }, name, thumbs);
      }),
    );
    const unsaved = this.collection.unsaved.length;
    const state = unsaved ? `; ${unsaved} not saved yet, stored in this browser` : all.length ? `, all saved as digits/${this.collection.name}` : "";
    this.status.textContent = `${all.length} ${all.length === 1 ? "digit" : "digits"}${state}`;
    this.#mark();
  }

  #thumbnail(digit, index) {
    return button(digitCanvas(digit.pixels), () => this.#select(index === this.#selected ? null : index), {
      class: digit.saved ? "thumb" : "thumb unsaved",
      "aria-label": `Digit ${index + 1}, a ${digit.label}${digit.saved ? "" : ", not saved yet"}`,
    });
  }

  #select(index) {
    this.#selected = index;
    this.#mark();
  }

  #mark() {
    this.#buttons.forEach((each, index) => {
      each.setAttribute("aria-pressed", index === this.#selected);
      each.tabIndex = index === (this.#selected ?? 0) ? 0 : -1;
    });
    this.opens.disabled = this.removes.disabled = this.#selected === null;
  }

  async #remove() {
    const index = this.#selected;
    const label = this.#digit?.label;
    if (label === undefined) return;
    const focused = this.rows.contains(document.activeElement);
    this.#selected = null;
    try {
      await this.collection.remove(index);
      this.app.notify(`removed a ${label}`);
    } catch (error) {
      this.app.notify(error.message);
    }
    if (focused) this.#buttons[Math.min(index, this.#buttons.length - 1)]?.focus();
  }

  #onKey(event) {
    const thumbs = [...this.rows.querySelectorAll(".thumb")];
    const focused = this.#buttons.indexOf(document.activeElement);
    if (focused < 0 || event.key !== "Delete") return moveFocus(event, thumbs);
    event.preventDefault();
    this.#select(focused);
    this.#remove();
  }
}
