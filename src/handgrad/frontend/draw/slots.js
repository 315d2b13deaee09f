// A list whose first items are shown, and more on request. Items are slots, filled again for each input.

import { button, element } from "handgrad/elements.js";

const FIRST = 12;
const MOST = 192;

export class Slots {
  #all = false;
  #slots = [];

  /**
   * @param {number} count  of all items
   * @param {string} what   they are, e.g. "units"
   * @param {function(): {item: HTMLElement}} create  a slot
   * @param {function(): void} draw  fills the slots again
   */
  constructor(count, what, create, draw) {
    Object.assign(this, { count, what, create, draw });
    this.list = element("ol", { class: "slots" });
    this.more = button("", () => this.#toggle(), { class: "quiet more", hidden: count <= FIRST });
    this.element = element("div", {}, this.list, this.more);
    this.#fit();
  }

  /** Fill the slots: `fill(slot, k)` for the k-th in order. */
  fill(fill) {
    this.#slots.forEach(fill);
  }

  #toggle() {
    this.#all = !this.#all;
    this.#fit();
    this.draw();
  }

  #fit() {
    const shown = Math.min(this.count, this.#all ? MOST : FIRST);
    const all = this.count > MOST ? `${MOST} of ${this.count.toLocaleString("en")}` : `all ${this.count}`;
    this.more.textContent = this.#all ? `Show ${FIRST} ${this.what}` : `Show ${all} ${this.what}`;
    while (this.#slots.length < shown) this.#slots.push(this.create());
    this.#slots.length = shown;
    this.list.replaceChildren(...this.#slots.map(({ item }) => item));
  }
}

/** The indices of values, those of the largest magnitude first. */
export function ranked(values) {
  return [...values.keys()].sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]));
}
