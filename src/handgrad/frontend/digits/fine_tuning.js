// Fine-tuning: trains the network in use further on the collection. The run is one like any other.

import { button, element } from "handgrad/elements.js";
import { readModel } from "handgrad/model/network.js";
import { Follower } from "handgrad/train/follower.js";
import { ENDED, progress, STATES } from "handgrad/train/format.js";
import { Records } from "handgrad/train/records.js";

const KEY = "handgrad.fine-tuning";
const WAITING = { // shown in place of a comparison, by state
  running: "is training on your digits …",
  paused: "is paused. The comparison follows when it is finished.",
  interrupted: "was interrupted. Resume it in Train; the comparison follows when it is finished.",
  failed: "has failed: there is nothing to compare.",
};
const DEFAULTS = { epochs: 10, learning_rate: 0.0003, batch_size: 8 }; // few small steps, to forget little

export class FineTuning {
  #run = null;
  #before = null; // {name, network}
  #records = new Records();
  #epochs = 0;
  #state = null;
  #error = null;
  #connected = true;

  /**
   * @param app
   * @param collection
   * @param handlers  {compare(before, after: {name, network}): the run is finished, status(text): there is nothing to compare}
   */
  constructor(app, collection, handlers) {
    Object.assign(this, { app, collection, handlers });
    this.follower = new Follower({
      record: (record) => (this.#records.push(record), this.#showProgress()),
      state: (found) => this.#setState(found),
      connection: (connected) => ((this.#connected = connected), this.#showProgress()),
    });
    this.epochs = element("input", { id: "tune-epochs", inputmode: "numeric", autocomplete: "off", value: DEFAULTS.epochs });
    this.rate = element("input", { id: "tune-rate", inputmode: "decimal", autocomplete: "off", value: DEFAULTS.learning_rate });
    this.starts = element("button", { type: "submit", class: "primary" }, "Fine-tune");
    this.uses = button("Use this model", () => app.useModel(this.#run), { disabled: true });
    this.link = element("a", { class: "watch later", href: "#train" }, "Open in Train");
    this.bar = element("progress", { max: 1, value: 0, "aria-label": "Progress of fine-tuning" });
    this.line = element("p", { class: "tuning-line", role: "status" });
    this.note = element("p", { class: "note tuning-note" });
    const field = (name, input) => element("div", { class: "form-field" }, element("label", { for: input.id }, name), input);
    this.element = element(
      "form",
      { class: "panel tuning", "aria-label": "Fine-tune", novalidate: true, onsubmit: (event) => this.#onSubmit(event) },
      element("h2", {}, "Fine-tune"),
      this.note,
      element("div", { class: "form-numbers" }, field("Epochs", this.epochs), field("Learning rate", this.rate)),
      element("div", { class: "row" }, this.starts, this.uses),
      this.bar,
      this.line,
      this.link,
    );
  }

  /** Update after a change of the collection or the network. */
  draw() {
    const { network, modelName } = this.app;
    this.note.textContent = network ? `Train ${modelName} further on your digits, from its current parameters.` : "There is no network yet: train one first, in Train.";
    this.starts.disabled = !network || !this.collection.all.length;
  }

  /** Follow the run that was started before a reload. */
  restore() {
    try {
      const { run, before, epochs } = JSON.parse(sessionStorage.getItem(KEY)) ?? {};
      if (!run || before !== this.app.modelName || !this.app.network) return;
      this.#follow(run, { name: before, network: this.app.network }, epochs);
    } catch {
      sessionStorage.removeItem(KEY);
    }
  }

  async #onSubmit(event) {
    event.preventDefault();
    const epochs = Number(this.epochs.value);
    const rate = Number(this.rate.value);
    if (!Number.isInteger(epochs) || epochs < 1 || epochs > 100_000) return this.#reject(this.epochs, "Epochs: an integer from 1 to 100,000");
    if (!(rate > 0)) return this.#reject(this.rate, "Learning rate: a number above 0");
    if (this.starts.ariaBusy === "true") return;
    this.starts.ariaBusy = "true";
    try {
      await this.collection.save();
      const before = { name: this.app.modelName, network: this.app.network };
      const body = { data: `digits/${this.collection.name}`, from: "model", epochs, learning_rate: rate, batch_size: DEFAULTS.batch_size };
      const { name } = await this.app.post("/runs", body);
      sessionStorage.setItem(KEY, JSON.stringify({ run: name, before: before.name, epochs }));
      this.#follow(name, before, epochs);
    } catch (error) {
      this.line.textContent = error.message;
    }
    this.starts.ariaBusy = null;
  }

  #reject(field, text) {
    this.line.textContent = text;
    field.setAttribute("aria-invalid", "true");
    field.addEventListener("input", () => field.removeAttribute("aria-invalid"), { once: true });
    field.focus();
  }

  #follow(run, before, epochs) {
    this.#run = run;
    this.#before = before;
    this.#records = new Records();
    this.#epochs = epochs;
    this.#state = null;
    this.link.classList.remove("later");
    this.link.href = `#train/${run}`;
    this.uses.disabled = true;
    this.#setState({ state: "running" });
    this.follower.follow(run);
  }

  #setState({ state, error = null }) {
    const before = this.#state;
    [this.#state, this.#error] = [state, error];
    this.#showProgress();
    if (state === before) return;
    if (WAITING[state]) this.handlers.status(`${this.#run} ${WAITING[state]}`);
    else if (ENDED.has(state)) this.#compare();
  }

  #showProgress() {
    const state = this.#state;
    this.bar.value = state === "finished" ? 1 : state === "failed" ? 0 : progress({ epochs: this.#epochs }, this.#records);
    const text = `${this.#run} ${STATES[state]}${this.#error ? `: ${this.#error}` : ""}`;
    const line = this.#connected ? text : "The connection is lost; trying again …";
    if (this.line.textContent !== line) this.line.textContent = line; // screen readers announce each assignment
  }

  /** Load the model of a finished or stopped run, and compare. */
  async #compare() {
    const run = this.#run;
    try {
      const answer = await fetch(`./runs/${encodeURIComponent(run)}/model`, { cache: "no-cache" });
      if (answer.status !== 200) throw new Error(`${run} was stopped before its first record`);
      const network = readModel(await answer.arrayBuffer());
      if (run !== this.#run) return; // another was started meanwhile
      this.uses.disabled = false;
      this.handlers.compare(this.#before, { name: run, network });
    } catch (error) {
      this.handlers.status(error.message);
    }
  }
}
