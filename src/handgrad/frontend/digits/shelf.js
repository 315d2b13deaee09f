// The collection as thumbnails, a row for each class; one can be chosen, shown and removed.

import { grey, paint } from "handgrad/draw/shades.js";
import { element } from "handgrad/elements.js";

export class Shelf {
  #chosen = null; // place among all
  #buttons = [];

  /**
   * @param app
   * @param collection
   */
  constructor(app, collection) {
    this.app = app;
    this.collection = collection;
    this.rows = element("div", { class: "shelf-rows" });
    const button = (text, order) => element("button", { type: "button", onclick: order }, text);
    this.shows = button("Show in Draw", () => this.#shown && this.app.showExample(this.#shown.pixels, this.#shown.label));
    this.removes = button("Remove", () => this.#remove());
    this.told = element("p", { class: "note shelf-told" });
    this.element = element("div", { class: "shelf" }, this.rows, element("div", { class: "row shelf-tools" }, this.shows, this.removes, this.told));
    this.rows.addEventListener("keydown", (event) => this.#key(event));
  }

  get #shown() {
    return this.collection.all[this.#chosen];
  }

  /** Show what there is now; the classes are the network's. */
  draw(classes) {
    this.classes = classes;
    const all = this.collection.all;
    if (this.#chosen !== null && this.#chosen >= all.length) this.#chosen = null;
    const others = [...new Set(all.map(({ label }) => label))].filter((label) => !classes.includes(label));
    this.#buttons = all.map((digit, place) => this.#thumb(digit, place));
    this.rows.replaceChildren(
      ...[...classes, ...others].map((label) => {
        const own = this.#buttons.filter((_, place) => all[place].label === label);
        const name = element("p", { class: "shelf-name" }, element("b", {}, label), element("span", {}, own.length || ""));
        return element("div", { class: "shelf-row", role: "group", "aria-label": `${label}: ${own.length}` }, name, element("div", { class: "shelf-thumbs" }, ...own));
      }),
    );
    const waiting = this.collection.waiting.length;
    const kept = waiting ? `; ${waiting} not saved yet, kept in this browser` : all.length ? `, all saved as digits/${this.collection.name}` : "";
    this.told.textContent = `${all.length} ${all.length === 1 ? "digit" : "digits"}${kept}`;
    this.#mark();
  }

  #thumb(digit, place) {
    const canvas = element("canvas", { class: "pixels", width: 28, height: 28, "aria-hidden": "true" });
    paint(canvas, (k) => grey(digit.pixels[k] / 255));
    return element(
      "button",
      {
        type: "button",
        class: digit.saved ? "thumb" : "thumb waiting",
        "aria-label": `Digit ${place + 1}, a ${digit.label}${digit.saved ? "" : ", not saved yet"}`,
        onclick: () => this.#choose(place === this.#chosen ? null : place),
      },
      canvas,
    );
  }

  #choose(place) {
    this.#chosen = place;
    this.#mark();
  }

  #mark() {
    this.#buttons.forEach((button, place) => {
      button.setAttribute("aria-pressed", place === this.#chosen);
      button.tabIndex = place === (this.#chosen ?? 0) ? 0 : -1;
    });
    this.shows.disabled = this.removes.disabled = this.#chosen === null;
  }

  async #remove() {
    const place = this.#chosen;
    const label = this.#shown?.label;
    if (label === undefined) return;
    const within = this.rows.contains(document.activeElement);
    this.#chosen = null;
    try {
      await this.collection.remove(place);
      this.app.say(`one ${label} was removed`);
    } catch (error) {
      this.app.say(error.message);
    }
    if (within) this.#buttons[Math.min(place, this.#buttons.length - 1)]?.focus();
  }

  #key(event) {
    const inOrder = [...this.rows.querySelectorAll(".thumb")];
    const at = inOrder.indexOf(document.activeElement);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: inOrder.length - 1 }[event.key];
    if (at >= 0 && event.key === "Delete") {
      this.#choose(this.#buttons.indexOf(inOrder[at]));
      this.#remove();
    } else if (at >= 0 && inOrder[next]) {
      inOrder.forEach((button, k) => (button.tabIndex = k === next ? 0 : -1));
      inOrder[next].focus();
    } else return;
    event.preventDefault();
  }
}
