// One run: its state and buttons, progress, curves, weights, and test images classified by its latest network.

import { button, eachFrame, element, panel } from "handgrad/elements.js";
import { Chart } from "handgrad/train/chart.js";
import { Follower } from "handgrad/train/follower.js";
import { duration, inWords, loss, percent, progress, sourceName, STATES, totalSteps } from "handgrad/train/format.js";
import { Gallery } from "handgrad/train/gallery.js";
import { LatestModel } from "handgrad/train/latest_model.js";
import { Records } from "handgrad/train/records.js";
import { Weights } from "handgrad/train/weights.js";

const EMPTY = "Choose a recipe and data, and press Start: the training is shown here.";
const RESUMABLE = new Set(["paused", "failed"]);
const PENDING = { pause: "Pausing: saving the parameters …", resume: "Resuming …" };

export class RunView {
  #name = null;
  #run = null; // the list's entry
  #records = new Records();
  #state = null;
  #error = null;
  #connected = true;
  #pending = null; // the action that the server is carrying out
  #pointed = null; // the index of a record
  #hasModel = false;
  #empty = EMPTY;

  /**
   * @param app
   * @param changed  called where the state of the run has changed
   */
  constructor(app, changed) {
    this.app = app;
    this.changed = changed;
    this.follower = new Follower({
      record: (record) => this.#addRecord(record),
      state: (found) => this.#setState(found),
      connection: (connected) => ((this.#connected = connected), this.refresh()),
    });
    this.latest = new LatestModel((network) => this.#setNetwork(network));
    this.gallery = new Gallery(app);
    this.weights = new Weights();
    this.#build();
    this.refresh = eachFrame(() => this.#draw());
    this.refresh();
  }

  #build() {
    this.title = element("h2", {}, "No run yet");
    this.state = element("span", { class: "run-state" });
    this.facts = element("p", { class: "note view-facts" });
    this.pauses = button("Pause", () => this.#act(RESUMABLE.has(this.#state) ? "resume" : "pause"), { class: "pauses" });
    this.uses = button("Use this model", () => this.#hasModel && this.app.useModel(this.#name));
    this.bar = element("progress", { max: 1, value: 0, "aria-label": "Progress" });
    this.line = element("p", { class: "view-line" }, EMPTY);
    const pointed = (index) => ((this.#pointed = index), this.refresh());
    const accuracy = (value, tick) => (tick ? String(Number((100 * value).toFixed(2))) : percent(value).replace(" ", ""));
    this.charts = [
      new Chart({ title: "Loss", keys: ["loss", "validation_loss"], format: (value, tick) => (tick ? String(value) : loss(value)), range: lossRange, pointed }),
      new Chart({ title: "Accuracy (%)", keys: ["train_accuracy", "validation_accuracy"], format: accuracy, range: accuracyRange, pointed }),
    ];
    this.readout = element("p", { class: "note view-readout" });
    this.element = panel(
      "view",
      "Run",
      element("div", { class: "view-head" }, this.title, this.state),
      this.facts,
      element("div", { class: "row view-buttons" }, this.pauses, this.uses),
      this.bar,
      this.line,
      element("div", { class: "charts" }, ...this.charts.map((chart) => chart.element)),
      this.readout,
    );
  }

  /** Show another run; null: none, and `text` is the reason. */
  show(name, text = EMPTY) {
    this.#empty = text;
    if (name === this.#name) return this.refresh();
    this.#name = name;
    this.#records = new Records();
    this.#run = this.#state = this.#error = this.#pointed = null;
    this.#hasModel = false;
    this.weights.update(null);
    this.gallery.setNetwork(null);
    if (!name) this.gallery.open(null);
    this.follower.follow(name);
    this.latest.setRun(name);
    this.refresh();
  }

  /** Take over the state from the list of runs. */
  updateFacts(runs) {
    const run = runs.find(({ name }) => name === this.#name);
    if (!run) return;
    this.#run = run;
    if (run.data) this.gallery.open(run.data);
    else if (run.state === "damaged") this.gallery.open(null); // its recipe cannot be read
    if (!this.follower.expecting && run.state !== this.#state) this.follower.resume(); // resumed in another tab
    this.refresh();
  }

  #addRecord(record) {
    this.#records.push(record);
    this.latest.request();
    this.refresh();
  }

  #setState({ state, error = null }) {
    const before = this.#state;
    [this.#state, this.#error] = [state, error];
    this.refresh();
    if (before === state) return;
    if (this.#records.length || state === "finished") this.latest.request();
    this.changed();
    if (before) this.app.notify(`${this.#name} ${STATES[state]}${error ? `: ${error}` : ""}`);
  }

  #setNetwork(network) {
    this.#hasModel = true;
    this.weights.update(network);
    this.gallery.setNetwork(network);
    this.refresh();
  }

  async #act(action) {
    if (!this.#can(action) || this.#pending) return;
    const name = this.#name;
    this.#pending = action;
    this.refresh();
    try {
      const run = await this.app.post(`/runs/${encodeURIComponent(name)}/${action}`);
      if (name === this.#name) {
        if (action !== "resume" && run.state !== "running") this.#setState(run);
        this.follower.resume();
      }
    } catch (error) {
      this.app.notify(error.message);
    }
    this.#pending = null;
    this.changed();
    this.refresh();
  }

  #can(action) {
    return action === "resume" ? RESUMABLE.has(this.#state) : this.#state === "running";
  }

  #draw() {
    const training = this.#run?.training ?? {};
    const finished = this.#state === "finished";
    this.title.textContent = this.#name ?? "No run yet";
    this.state.textContent = this.#state ?? "";
    this.state.className = `run-state ${this.#state ?? ""}`;
    this.facts.textContent = this.#run ? this.#factsText() : "";
    const resumes = RESUMABLE.has(this.#state);
    this.pauses.textContent = resumes ? "Resume" : "Pause";
    enable(this.pauses, this.#can(resumes ? "resume" : "pause"));
    enable(this.uses, this.#hasModel);
    this.uses.classList.toggle("primary", finished);
    this.bar.value = finished ? 1 : progress(training, this.#records);
    this.line.classList.toggle("wrong", this.#state === "failed");
    this.line.textContent = this.#stateText(training);
    const record = this.#records.at(this.#pointed ?? this.#records.length - 1);
    const text = record ? `${this.#pointed === null ? "Newest: " : ""}${inWords(record, training)}, after ${duration(record.seconds)}` : "No record yet";
    this.readout.textContent = text;
    this.charts[1].element.hidden = this.#records.last?.validation_accuracy === null && this.#records.last.train_accuracy === null; // of a regression
    for (const chart of this.charts) chart.update(this.#records, finished ? 0 : totalSteps(training, this.#records), this.#pointed, text);
  }

  #factsText() {
    const { recipe, data, training } = this.#run;
    const settings = Object.entries(training).map(([key, value]) => `${key.replace("_", " ")} ${value}`);
    return [recipe, sourceName(data), ...settings].join(" · ");
  }

  #stateText(training) {
    if (!this.#name) return this.#empty;
    if (!this.#connected) return "The connection is lost; trying again … The training continues unless the server has ended.";
    if (this.#pending) return PENDING[this.#pending];
    const { last } = this.#records;
    switch (this.#state) {
      case "damaged": return `It is damaged: ${this.#error}.`;
      case "failed": return this.#error ?? "It failed.";
      case "paused": return "Paused. Resume continues after the last checkpoint.";
      case "finished": return `Finished in ${duration(last?.seconds ?? 0)}. Use this model to try it.`;
    }
    if (!last) return "Starting …";
    const share = progress(training, this.#records);
    return share ? `${Math.round(100 * share)} %, about ${duration((last.seconds * (1 - share)) / share)} left` : `${duration(last.seconds)} so far`;
  }
}

/** Buttons keep the focus where they cannot be used: they are only marked as disabled. */
function enable(control, enabled) {
  control.setAttribute("aria-disabled", !enabled);
}

function lossRange(_, highest) {
  return [0, Math.max(0.01, highest) * 1.05];
}

function accuracyRange(lowest, highest) {
  if (lowest > highest) return [0, 1]; // no values yet
  const low = Math.min(0.9, lowest);
  const high = Math.max(highest, low);
  return [Math.max(0, Math.floor(10 * low) / 10), Math.min(1, Math.ceil(10 * high + 0.01) / 10)];
}
