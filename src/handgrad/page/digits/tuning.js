// Training the network in use further, on one's own digits: a run like any other, which starts from its parameters.

import { element } from "handgrad/elements.js";
import { readModel } from "handgrad/model/network.js";
import { Follower } from "handgrad/train/follower.js";
import { order, use } from "handgrad/train/orders.js";
import { done, SAID } from "handgrad/train/words.js";

const KEY = "handgrad.tuning";
const GENTLE = { epochs: 10, learning_rate: 0.0003, batch_size: 8 }; // few steps, and small: it should not forget the rest

export class Tuning {
  #run = null;
  #before = null; // {name, network}
  #records = [];
  #epochs = 0;

  /**
   * @param app
   * @param collection
   * @param compare   called with (before, after: {name, network}) where a run is finished
   * @param told      called with a line, where there is nothing to compare
   */
  constructor(app, collection, compare, told) {
    Object.assign(this, { app, collection, compare, told });
    this.follower = new Follower({
      record: (record) => (this.#records.push(record), this.#tell("running")),
      state: ({ state, error }) => this.#state(state, error),
      connection: (there) => there || (this.line.textContent = "The connection is lost; trying again …"),
    });
    this.epochs = element("input", { id: "tune-epochs", inputmode: "numeric", autocomplete: "off", value: GENTLE.epochs });
    this.rate = element("input", { id: "tune-rate", inputmode: "decimal", autocomplete: "off", value: GENTLE.learning_rate });
    this.start = element("button", { type: "submit", class: "primary" }, "Fine-tune");
    this.uses = element("button", { type: "button", disabled: true, onclick: () => use(app, this.#run) }, "Use this model");
    this.watch = element("a", { href: "#train", hidden: true, onclick: () => app.dispatchEvent(new CustomEvent("run", { detail: this.#run })) }, "Watch it in Train");
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
    this.#records = [];
    this.#epochs = epochs;
    this.watch.hidden = false;
    this.uses.disabled = true;
    this.told(`${run} is being trained on your digits …`);
    this.follower.follow(run);
    this.#tell("running");
  }

  #tell(state, error) {
    this.bar.value = state === "finished" ? 1 : done({ epochs: this.#epochs }, this.#records);
    this.line.textContent = `${this.#run} ${SAID[state]}${error ? `: ${error}` : ""}`;
  }

  async #state(state, error) {
    this.#tell(state, error);
    if (state !== "finished") return;
    const run = this.#run;
    try {
      const answer = await fetch(`./runs/${encodeURIComponent(run)}/model`, { cache: "no-cache" });
      const network = readModel(await answer.arrayBuffer());
      this.uses.disabled = false;
      this.compare(this.#before, { name: run, network });
    } catch (problem) {
      this.line.textContent = problem.message;
    }
  }
}
