// The list of runs, asked for again every other second while it is looked at: other tabs and terminals train, too.

import { element } from "handgrad/elements.js";
import { percent, sourceName } from "handgrad/train/words.js";

const EVERY = 2000; // milliseconds

export class Runs {
  #rows = new Map(); // name -> {item, button, state, facts}
  #chosen = null;
  #round = 0;
  #waiting = 0; // questions without an answer yet

  /**
   * @param app
   * @param told  {shown(name, chosen): which run is looked at, and whether it was chosen now; missing(name): it is not
   *              there; listed(runs): the list was told}
   */
  constructor(app, told) {
    this.app = app;
    this.told = told;
    this.list = element("ul", { class: "runs-list" });
    this.note = element("p", { class: "note" }, "Nothing was trained here yet.");
    this.element = element("section", { class: "panel runs", "aria-label": "Runs" }, element("h2", {}, "Runs"), this.note, this.list);
    setInterval(() => this.list.checkVisibility() && !document.hidden && !this.#waiting && this.refresh(), EVERY);
  }

  /** Ask for the list. The run that was begun last is looked at, until another is chosen. */
  async refresh() {
    this.#round += 1;
    const round = this.#round;
    this.#waiting += 1;
    try {
      const runs = await this.app.api("/runs");
      if (round !== this.#round) return; // an older list than one that was asked for since
      this.#chosen ??= runs[0]?.name ?? null;
      this.#show(runs);
      if (runs.some(({ name }) => name === this.#chosen)) this.told.shown(this.#chosen, false);
      else if (this.#chosen) this.told.missing(this.#chosen);
      this.told.listed(runs);
    } catch (error) {
      this.note.hidden = false;
      this.note.textContent = error.message;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Look at a run that was begun, or picked. */
  async choose(name) {
    this.#chosen = name;
    this.#mark();
    this.told.shown(name, true);
    await this.refresh();
  }

  /** Look at the run that the address names, if it names one. */
  async open(name) {
    this.#chosen = name ?? this.#chosen;
    await this.refresh();
  }

  #show(runs) {
    this.note.hidden = runs.length > 0;
    this.note.textContent = "Nothing was trained here yet.";
    const names = new Set(runs.map(({ name }) => name));
    for (const [name, { item }] of this.#rows) if (!names.has(name)) (item.remove(), this.#rows.delete(name));
    runs.forEach((run, index) => {
      const row = this.#row(run.name);
      row.state.textContent = run.state;
      row.state.className = `run-state ${run.state}`;
      const right = run.last?.validation_accuracy ?? run.last?.train_accuracy;
      row.facts.textContent = [run.recipe, sourceName(run.data), right == null ? null : percent(right)].filter(Boolean).join(" · ");
      row.button.title = run.error ?? "";
      if (this.list.children[index] !== row.item) this.list.insertBefore(row.item, this.list.children[index] ?? null);
    });
    this.#mark();
  }

  #row(name) {
    if (!this.#rows.has(name)) {
      const state = element("span", { class: "run-state" });
      const facts = element("span", { class: "run-facts" });
      const button = element("button", { type: "button", class: "run", onclick: () => this.choose(name) }, element("b", {}, name), state, facts);
      this.#rows.set(name, { item: element("li", {}, button), button, state, facts });
    }
    return this.#rows.get(name);
  }

  #mark() {
    for (const [name, { button }] of this.#rows) button.setAttribute("aria-pressed", name === this.#chosen);
  }
}
