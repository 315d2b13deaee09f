// Training the network in use further, on one's own digits: a run like any other, which starts from its parameters.

import { element } from "handgrad/elements.js";
import { readModel } from "handgrad/model/network.js";
import { Follower } from "handgrad/train/follower.js";
import { order, use } from "handgrad/train/orders.js";
import { Records } from "handgrad/train/records.js";
import { done, ENDED, SAID } from "handgrad/train/words.js";

const KEY = "handgrad.tuning";
const WAITS = { // of each state that is no end, and of each end without a model, what is said in place of a comparison
  running: "is being trained on your digits …",
  paused: "is paused: once it is finished, you see here what it changed.",
  interrupted: "was interrupted. Resume it in Train, and once it is finished, you see here what it changed.",
  failed: "has failed: there is nothing to compare.",
};
const GENTLE = { epochs: 10, learning_rate: 0.0003, batch_size: 8 }; // few steps, and small: it should not forget the rest

export class Tuning {
  #run = null;
  #before = null; // {name, network}
  #records = new Records();
  #epochs = 0;
  #state = "running";
  #error = null;
  #connected = true;

  /**
   * @param app
   * @param collection
   * @param compare   called with (before, after: {name, network}) where a run is finished
   * @param told      called with a line, where there is nothing to compare
   */
  constructor(app, collection, compare, told) {
    Object.assign(this, { app, collection, compare, told });
    this.follower = new Follower({
      record: (record) => (this.#records.push(record), this.#tell()),
      state: (found) => this.#hear(found),
      connection: (there) => ((this.#connected = there), this.#tell()),
    });
    this.epochs = element("input", { id: "tune-epochs", inputmode: "numeric", autocomplete: "off", value: GENTLE.epochs });
    this.rate = element("input", { id: "tune-rate", inputmode: "decimal", autocomplete: "off", value: GENTLE.learning_rate });
    this.start = element("button", { type: "submit", class: "primary" }, "Fine-tune");
    this.uses = element("button", { type: "button", disabled: true, onclick: () => use(app, this.#run) }, "Use this model");
    this.watch = element("a", { class: "watch later", href: "#train" }, "Watch it in Train");
    this.bar = element("progress", { max: 1, value: 0, "aria-label": "Progress of fine-tuning" });
    this.line = element("p", { class: "tuning-line", role: "status" });
    this.note = element("p", { class: "note tuning-note" });
    const field = (name, input) => element("div", { class: "form-field" }, element("label", { for: input.id }, name), input);
    this.element = element(
      "form",
      { class: "panel tuning", "aria-label": "Fine-tune", novalidate: true, onsubmit: (event) => this.#submit(event) },
      element("h2", {}, "Fine-tune"),
      this.note,
      element("div", { class: "form-numbers" }, field("Epochs", this.epochs), field("Learning rate", this.rate)),
      element("div", { class: "row" }, this.start, this.uses),
      this.bar,
      this.line,
      this.watch,
    );
  }

  /** There are other digits, or another network. */
  draw() {
    const { network, modelName } = this.app;
    this.note.textContent = network ? `${modelName} is trained further on your digits; what it knows stays where they do not change it.` : "There is no network yet: train one first, in Train.";
    this.start.disabled = !network || !this.collection.all.length;
  }

  /** Go on where a reload broke in. */
  recall() {
    try {
      const { run, before, epochs } = JSON.parse(sessionStorage.getItem(KEY)) ?? {};
      if (!run || before !== this.app.modelName || !this.app.network) return;
      this.#follow(run, { name: before, network: this.app.network }, epochs);
    } catch {
      sessionStorage.removeItem(KEY);
    }
  }

  async #submit(event) {
    event.preventDefault();
    const epochs = Number(this.epochs.value);
    const rate = Number(this.rate.value);
    if (!Number.isInteger(epochs) || epochs < 1 || epochs > 100_000) return this.#refuse(this.epochs, "Epochs: a whole number from 1");
    if (!(rate > 0)) return this.#refuse(this.rate, "Learning rate: a number above 0");
    if (this.start.ariaBusy === "true") return;
    this.start.ariaBusy = "true";
    try {
      await this.collection.save();
      const before = { name: this.app.modelName, network: this.app.network };
      const wanted = { data: `digits/${this.collection.name}`, from: "model", epochs, learning_rate: rate, batch_size: GENTLE.batch_size };
      const { name } = await order(this.app, "/runs", wanted);
      sessionStorage.setItem(KEY, JSON.stringify({ run: name, before: before.name, epochs }));
      this.#follow(name, before, epochs);
    } catch (error) {
      this.line.textContent = error.message;
    }
    this.start.ariaBusy = null;
  }

  #refuse(field, text) {
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
    this.watch.classList.remove("later");
    this.watch.href = `#train/${run}`;
    this.uses.disabled = true;
    this.#hear({ state: "running" });
    this.follower.follow(run);
  }

  /** The run is in this state, perhaps since before. */
  #hear({ state, error = null }) {
    const before = this.#state;
    [this.#state, this.#error] = [state, error];
    this.#tell();
    if (state === before) return;
    if (WAITS[state]) this.told(`${this.#run} ${WAITS[state]}`);
    else if (ENDED.has(state)) this.#ended();
  }

  #tell() {
    const state = this.#state;
    this.bar.value = state === "finished" ? 1 : state === "failed" ? 0 : done({ epochs: this.#epochs }, this.#records);
    const said = `${this.#run} ${SAID[state]}${this.#error ? `: ${this.#error}` : ""}`;
    const line = this.#connected ? said : "The connection is lost; trying again …";
    if (this.line.textContent !== line) this.line.textContent = line; // screen readers are told of changes only
  }

  /** It is finished, or was stopped: what it has learned can be used, and compared. */
  async #ended() {
    const run = this.#run;
    try {
      const answer = await fetch(`./runs/${encodeURIComponent(run)}/model`, { cache: "no-cache" });
      if (answer.status !== 200) throw new Error(`${run} was stopped before it had learned anything`);
      const network = readModel(await answer.arrayBuffer());
      if (run !== this.#run) return; // another was begun meanwhile
      this.uses.disabled = false;
      this.compare(this.#before, { name: run, network });
    } catch (problem) {
      this.told(problem.message);
    }
  }
}
