// The list of runs, fetched every other second while visible: other tabs and terminals train, too.

import { button, element, panel } from "handgrad/elements.js";
import { percent, sourceName } from "handgrad/train/format.js";

const INTERVAL = 2000; // milliseconds
const EMPTY = "No runs yet.";

export class Runs {
  #rows = new Map(); // name -> {item, button, state, facts}
  #selected = null;
  #round = 0;
  #pending = 0; // requests without an answer yet

  /**
   * @param app
   * @param handlers  {selected(name, byUser), missing(name): the selected run does not exist, listed(runs)}
   */
  constructor(app, handlers) {
    this.app = app;
    this.handlers = handlers;
    this.list = element("ul", { class: "runs-list" });
    this.note = element("p", { class: "note" }, EMPTY);
    this.element = panel("runs", "Runs", element("h2", {}, "Runs"), this.note, this.list);
    setInterval(() => this.list.checkVisibility() && !document.hidden && !this.#pending && this.refresh(), INTERVAL);
  }

  /** Fetch the list. The newest run is selected until the user selects another. */
  async refresh() {
    this.#round += 1;
    const round = this.#round;
    this.#pending += 1;
    try {
      const runs = await this.app.api("/runs");
      if (round !== this.#round) return; // a newer list was requested
      this.#selected ??= runs[0]?.name ?? null;
      this.#show(runs);
      if (runs.some(({ name }) => name === this.#selected)) this.handlers.selected(this.#selected, false);
      else if (this.#selected) this.handlers.missing(this.#selected);
      this.handlers.listed(runs);
    } catch (error) {
      this.note.hidden = false;
      this.note.textContent = error.message;
    } finally {
      this.#pending -= 1;
    }
  }

  /** Select a run. */
  async select(name) {
    this.#selected = name;
    this.#mark();
    this.handlers.selected(name, true);
    await this.refresh();
  }

  /** Select the run that the address names, if it names one. */
  async open(name) {
    this.#selected = name ?? this.#selected;
    await this.refresh();
  }

  #show(runs) {
    this.note.hidden = runs.length > 0;
    this.note.textContent = EMPTY;
    const names = new Set(runs.map(({ name }) => name));
    for (const [name, { item }] of this.#rows) if (!names.has(name)) (item.remove(), this.#rows.delete(name));
    runs.forEach((run, index) => {
      const row = this.#row(run.name);
      row.state.textContent = run.state;
      row.state.className = `run-state ${run.state}`;
      const accuracy = run.last?.validation_accuracy ?? run.last?.train_accuracy;
      row.facts.textContent = [run.recipe, sourceName(run.data), accuracy == null ? null : percent(accuracy)].filter(Boolean).join(" · ");
      row.button.title = run.error ?? "";
      if (this.list.children[index] !== row.item) this.list.insertBefore(row.item, this.list.children[index] ?? null);
    });
    this.#mark();
  }

  #row(name) {
    if (!this.#rows.has(name)) {
      const state = element("span", { class: "run-state" });
      const facts = element("span", { class: "run-facts" });
      const row = button(element("b", {}, name), () => this.select(name), { class: "run" });
      row.append(state, facts);
      this.#rows.set(name, { item: element("li", {}, row), button: row, state, facts });
    }
    return this.#rows.get(name);
  }

  #mark() {
    for (const [name, { button }] of this.#rows) button.setAttribute("aria-pressed", name === this.#selected);
  }
}
