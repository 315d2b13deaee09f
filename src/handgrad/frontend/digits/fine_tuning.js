// Fine-tuning: trains the network in use further on the collection. The run is one like any other.

import { button, element } from "handgrad/elements.js";
import { readModel } from "handgrad/model/network.js";
import { Follower } from "handgrad/train/follower.js";
import { labelled } from "handgrad/train/form.js";
import { progress, STATES } from "handgrad/train/format.js";
import { Records } from "handgrad/train/records.js";

const WAITING = { // shown in place of a comparison, by state
  running: "is training on your digits …",
  paused: "is paused. Resume it in Train; the comparison follows when it is finished.",
  failed: "has failed: there is nothing to compare.",
  damaged: "is damaged: there is nothing to compare.",
};
const DEFAULTS = { epochs: 10, learning_rate: 0.0003, batch_size: 8 }; // few small steps, to forget little

export class FineTuning {
  #run = null; // {name, before: {name, network}, epochs}
  #records = new Records();
  #state = null; // {state, error}
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
    const number = { type: "number", required: true, autocomplete: "off" };
    this.epochs = element("input", { id: "tune-epochs", ...number, min: 1, value: DEFAULTS.epochs });
    this.rate = element("input", { id: "tune-rate", ...number, min: 0, step: "any", value: DEFAULTS.learning_rate });
    this.starts = element("button", { type: "submit", class: "primary" }, "Fine-tune");
    this.uses = button("Use this model", () => app.useModel(this.#run.name), { disabled: true });
    this.link = element("a", { class: "watch later", href: "#train" }, "Open in Train");
    this.bar = element("progress", { max: 1, value: 0, "aria-label": "Progress of fine-tuning" });
    this.line = element("p", { class: "tuning-line", role: "status" });
    this.note = element("p", { class: "note tuning-note" });
    this.element = element(
      "form",
      { class: "panel tuning", "aria-label": "Fine-tune", onsubmit: (event) => this.#onSubmit(event) },
      element("h2", {}, "Fine-tune"),
      this.note,
      element("div", { class: "form-numbers" }, labelled("Epochs", this.epochs), labelled("Learning rate", this.rate)),
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
    this.starts.disabled = !network || !this.collection.count;
  }

  async #onSubmit(event) {
    event.preventDefault();
    if (this.starts.ariaBusy === "true") return;
    this.starts.ariaBusy = "true";
    const before = { name: this.app.modelName, network: this.app.network };
    const [epochs, rate] = [this.epochs, this.rate].map((field) => Number(field.value));
    const body = { data: `digits/${this.collection.name}`, from: "model", epochs, learning_rate: rate, batch_size: DEFAULTS.batch_size };
    try {
      const { name } = await this.app.post("/runs", body);
      this.#follow({ name, before, epochs });
    } catch (error) {
      this.line.textContent = error.message;
    }
    this.starts.ariaBusy = null;
  }

  #follow(run) {
    this.#run = run;
    this.#records = new Records();
    this.#state = null;
    this.link.classList.remove("later");
    this.link.href = `#train/${run.name}`;
    this.uses.disabled = true;
    this.#setState({ state: "running" });
    this.follower.follow(run.name);
  }

  #setState(found) {
    const before = this.#state?.state;
    this.#state = found;
    this.#showProgress();
    if (found.state === before) return;
    if (WAITING[found.state]) this.handlers.status(`${this.#run.name} ${WAITING[found.state]}`);
    else this.#compare(this.#run);
  }

  #showProgress() {
    const { state, error } = this.#state;
    this.bar.value = state === "finished" ? 1 : state === "failed" ? 0 : progress(this.#run, this.#records);
    const text = `${this.#run.name} ${STATES[state]}${error ? `: ${error}` : ""}`;
    const line = this.#connected ? text : "The connection is lost; trying again …";
    if (this.line.textContent !== line) this.line.textContent = line; // screen readers announce each assignment
  }

  /** Load the model of a finished run, and compare. */
  async #compare(run) {
    try {
      const answer = await fetch(`./runs/${encodeURIComponent(run.name)}/model`, { cache: "no-cache" });
      if (answer.status !== 200) throw new Error(`the model of ${run.name} cannot be loaded`);
      const network = readModel(await answer.arrayBuffer());
      if (run !== this.#run) return; // another was started meanwhile
      this.uses.disabled = false;
      this.handlers.compare(run.before, { name: run.name, network });
    } catch (error) {
      this.handlers.status(error.message);
    }
  }
}
