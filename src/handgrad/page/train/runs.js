// The list of runs, asked for again every other second while it is looked at: other tabs and terminals train, too.

import { element } from "handgrad/elements.js";
import { percent } from "handgrad/train/words.js";

const EVERY = 2000; // milliseconds

export class Runs {
  #rows = new Map(); // name -> {item, button, state, facts}
  #chosen = null;

  /**
   * @param app
   * @param told  {shown(name or null): which run is looked at; listed(runs): the list was told}
   */
  constructor(app, told) {
    this.app = app;
    this.told = told;
    this.list = element("ul", { class: "runs-list" });
    this.note = element("p", { class: "note" }, "Nothing was trained here yet.");
    this.element = element("section", { class: "panel runs", "aria-label": "Runs" }, element("h2", {}, "Runs"), this.note, this.list);
    setInterval(() => this.list.checkVisibility() && !document.hidden && this.refresh(), EVERY);
  }

  /** Ask for the list. The run that was begun last is looked at, until another is chosen. */
  async refresh() {
    try {
      const runs = await this.app.api("/runs");
      this.#show(runs);
      if (!this.#chosen && runs.length) this.#look(runs[0].name);
      this.told.listed(runs);
    } catch (error) {
      this.note.hidden = false;
      this.note.textContent = error.message;
    }
  }

  /** Look at a run. */
  async choose(name) {
    this.#look(name);
    await this.refresh();
  }

  #look(name) {
    this.#chosen = name;
    this.#mark();
    this.told.shown(name);
  }

  #show(runs) {
    this.note.hidden = runs.length > 0;
    this.note.textContent = "Nothing was trained here yet.";
    const names = new Set(runs.map(({ name }) => name));
    for (const [name, { item }] of this.#rows) if (!names.has(name)) (item.remove(), this.#rows.delete(name));
    runs.forEach((run, place) => {
      const row = this.#row(run.name);
      row.state.textContent = run.state;
      row.state.className = `run-state ${run.state}`;
      const right = run.last?.validation_accuracy ?? run.last?.train_accuracy;
      row.facts.textContent = [run.recipe, run.data.split("/").slice(-2).join("/"), right == null ? null : percent(right)].filter(Boolean).join(" · ");
      row.button.title = run.error ?? "";
      if (this.list.children[place] !== row.item) this.list.insertBefore(row.item, this.list.children[place] ?? null);
    });
    this.#mark();
  }

  #row(name) {
    if (!this.#rows.has(name)) {
      const state = element("span", { class: "run-state" });
      const facts = element("span", { class: "run-facts" });
      const button = element("button", { type: "button", class: "run", onclick: () => this.#look(name) }, element("b", {}, name), state, facts);
      this.#rows.set(name, { item: element("li", {}, button), button, state, facts });
    }
    return this.#rows.get(name);
  }

  #mark() {
    for (const [name, { button }] of this.#rows) button.setAttribute("aria-pressed", name === this.#chosen);
  }
}
