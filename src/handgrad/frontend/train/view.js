// One run: its state and buttons, how far it is, its curves, its weights, and the wall that its newest network reads.

import { eachFrame, element } from "handgrad/elements.js";
import { Chart } from "handgrad/train/chart.js";
import { Follower } from "handgrad/train/follower.js";
import { Newest } from "handgrad/train/newest.js";
import { order, use } from "handgrad/train/orders.js";
import { Records } from "handgrad/train/records.js";
import { Wall } from "handgrad/train/wall.js";
import { Weights } from "handgrad/train/weights.js";
import { done, duration, inWords, length, loss, percent, sourceName, SAID } from "handgrad/train/words.js";

const NOTHING = "Choose a recipe and data, and press Start: you see it learn here.";
const RESUMABLE = new Set(["paused", "interrupted", "failed"]);

export class View {
  #name = null;
  #run = null; // as the list tells it
  #records = new Records();
  #state = null;
  #error = null;
  #connected = true;
  #ordered = null; // what the server is doing about it now
  #pointed = null;
  #hasModel = false;
  nothing = NOTHING;

  /**
   * @param app
   * @param changed  called where the state of the run has changed
   */
  constructor(app, changed) {
    this.app = app;
    this.changed = changed;
    this.follower = new Follower({
      record: (record) => this.#record(record),
      state: (found) => this.#setState(found),
      connection: (there) => ((this.#connected = there), this.refresh()),
    });
    this.newest = new Newest((network) => this.#network(network));
    this.wall = new Wall(app);
    this.weights = new Weights();
    this.#build();
    this.refresh = eachFrame(() => this.#draw());
    this.refresh();
  }

  #build() {
    const button = (text, name, order) => element("button", { type: "button", class: name, onclick: order }, text);
    this.title = element("h2", {}, "No run yet");
    this.state = element("span", { class: "run-state" });
    this.facts = element("p", { class: "note view-facts" });
    this.goes = button("Pause", "goes", () => this.#order(RESUMABLE.has(this.#state) ? "resume" : "pause"));
    this.stops = button("Stop", "stops", () => this.#order("stop"));
    this.uses = button("Use this model", "uses", () => this.#use());
    this.bar = element("progress", { max: 1, value: 0, "aria-label": "Progress" });
    this.line = element("p", { class: "view-line" }, NOTHING);
    const pointed = (index) => ((this.#pointed = index), this.refresh());
    this.charts = [
      new Chart({ title: "Loss (nats)", keys: ["loss", "validation_loss"], written: (value, tick) => (tick ? String(value) : loss(value)), range: lossRange, pointed }),
      new Chart({ title: "Accuracy (%)", keys: ["train_accuracy", "validation_accuracy"], written: (value, tick) => (tick ? String(Number((100 * value).toFixed(2))) : percent(value).replace(" ", "")), range: accuracyRange, pointed }),
    ];
    this.readout = element("p", { class: "note view-readout" });
    this.element = element(
      "section",
      { class: "panel view", "aria-label": "The run" },
      element("div", { class: "view-head" }, this.title, this.state),
      this.facts,
      element("div", { class: "row view-buttons" }, this.goes, this.stops, this.uses),
      this.bar,
      this.line,
      element("div", { class: "charts" }, ...this.charts.map((chart) => chart.element)),
      this.readout,
    );
  }

  /** Look at another run; null: at none, and `text` says why. */
  show(name, text = NOTHING) {
    this.nothing = text;
    if (name === this.#name) return this.refresh();
    this.#name = name;
    this.#records = new Records();
    this.#run = this.#state = this.#error = this.#pointed = null;
    this.#hasModel = false;
    this.weights.update(null);
    this.wall.update(null);
    if (!name) this.wall.open(null);
    this.follower.follow(name);
    this.newest.of(name);
    this.refresh();
  }

  /** What the list says of all runs. */
  hear(runs) {
    const run = runs.find(({ name }) => name === this.#name);
    if (!run) return;
    this.#run = run;
    if (run.data) this.wall.open(run.data); // it is told once the run has written its recipe
    else if (run.state === "failed") this.wall.open(null); // before that
    if (!this.follower.open && run.state !== this.#state) this.follower.goOn(); // resumed in another tab
    this.refresh();
  }

  #record(record) {
    this.#records.push(record);
    this.newest.ask();
    this.refresh();
  }

  #setState({ state, error = null }) {
    const before = this.#state;
    this.#state = state;
    this.#error = error;
    this.refresh();
    if (before === state) return;
    if (this.#records.length || state === "finished") this.newest.ask();
    this.changed();
    if (before) this.app.say(`${this.#name} ${SAID[state]}${error ? `: ${error}` : ""}`);
  }

  #network(network) {
    this.#hasModel = true;
    this.weights.update(network);
    this.wall.update(network);
    this.refresh();
  }

  async #order(what) {
    if (!this.#can(what) || this.#ordered) return;
    const name = this.#name;
    this.#ordered = what;
    this.refresh();
    try {
      const run = await order(this.app, `/runs/${encodeURIComponent(name)}/${what}`);
      if (name === this.#name) {
        if (what !== "resume" && run.state !== "running") this.#setState(run);
        this.follower.goOn();
      }
    } catch (error) {
      this.app.say(error.message);
    }
    this.#ordered = null;
    this.changed();
    this.refresh();
  }

  #can(what) {
    const state = this.#state;
    if (what === "resume") return RESUMABLE.has(state) && (state !== "failed" || this.#hasModel);
    if (what === "pause") return state === "running";
    return state === "running" || state === "paused" || state === "interrupted"; // to stop it
  }

  async #use() {
    if (!this.#hasModel) return;
    await use(this.app, this.#name);
  }

  #draw() {
    const training = this.#run?.training ?? {};
    const { last } = this.#records;
    this.title.textContent = this.#name ?? "No run yet";
    this.state.textContent = this.#state ?? "";
    this.state.className = `run-state ${this.#state ?? ""}`;
    this.facts.textContent = this.#run ? this.#facts() : "";
    const resumes = RESUMABLE.has(this.#state);
    this.goes.textContent = resumes ? "Resume" : "Pause";
    enable(this.goes, this.#can(resumes ? "resume" : "pause"));
    enable(this.stops, this.#can("stop"));
    enable(this.uses, this.#hasModel);
    this.uses.classList.toggle("primary", this.#state === "finished");
    this.bar.value = this.#state === "finished" ? 1 : done(training, this.#records);
    this.line.classList.toggle("wrong", this.#state === "failed");
    this.line.textContent = this.#words(training, last);
    const record = this.#records.at(this.#pointed ?? this.#records.length - 1);
    const text = record ? `${this.#pointed === null ? "Newest: " : ""}${inWords(record, training)}, after ${duration(record.seconds)}` : "No record yet";
    this.readout.textContent = text;
    for (const chart of this.charts) {
      chart.update(this.#records, this.#state === "finished" ? 0 : length(training, this.#records), this.#pointed, text);
    }
  }

  #facts() {
    const { recipe, data, training } = this.#run;
    const told = Object.entries(training).map(([key, value]) => `${key.replace("_", " ")} ${value}`);
    return [recipe, sourceName(data), ...told].join(" · ");
  }

  #words(training, last) {
    if (!this.#name) return this.nothing;
    if (!this.#connected) return "The connection is lost; trying again … The training itself goes on, unless the server was ended.";
    if (this.#ordered) return { pause: "Pausing: it saves what it has learned …", stop: "Stopping: it saves what it has learned …", resume: "Resuming …" }[this.#ordered];
    if (this.#state === "damaged") return `It is damaged: ${this.#error}.`;
    if (this.#state === "failed") return this.#error ?? "It failed.";
    if (this.#state === "interrupted") return "It was interrupted, but nothing is lost up to the last record: Resume goes on there.";
    if (this.#state === "paused") return "Paused. Resume goes on as if nothing had happened.";
    if (this.#state === "stopped") return "Stopped. What it had learned is kept.";
    if (this.#state === "finished") return `Finished in ${duration(last?.seconds ?? 0)}. Use this model to draw for it.`;
    if (!last) return "Starting …";
    const share = done(training, this.#records);
    if (!share) return `${duration(last.seconds)} so far`;
    return `${Math.round(100 * share)} %, about ${duration((last.seconds * (1 - share)) / share)} left`;
  }
}

/** Buttons that cannot be used keep the focus: they are told to be disabled, and do nothing. */
function enable(button, can) {
  button.setAttribute("aria-disabled", !can);
}

function lossRange(_, highest) {
  return [0, Math.max(0.01, highest) * 1.05];
}

function accuracyRange(lowest, highest) {
  if (lowest > highest) return [0, 1]; // nothing yet
  const low = Math.min(0.9, lowest);
  const high = Math.max(highest, low);
  return [Math.max(0, Math.floor(10 * low) / 10), Math.min(1, Math.ceil(10 * high + 0.01) / 10)];
}
