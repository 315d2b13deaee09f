// The worker of the page: keeps data sets, and trains one network at a time, so that the page itself never waits.
//
// A request is {id, method, values}; its answer {id, result} or {id, error}. Trainings post {run, record} and {run, state}.

import { startKernels } from "handgrad/model/kernels.js";
import { readParts, writeModel } from "handgrad/model/model_file.js";
import { Network } from "handgrad/model/network.js";
import { readIdx } from "handgrad/worker/data.js";
import { freshParts } from "handgrad/worker/fresh.js";
import { generate } from "handgrad/worker/strokes.js";
import { Training } from "handgrad/worker/training.js";

const SLICE = 80; // milliseconds of training between two records
const VALIDATION = 0.1; // share of the examples
const WIDTH = 784;

/** @type {Record<string, any>} */
const sets = {}; // name -> {train, test}: {inputs, labels}
/** @type {Record<string, {training: Training, running: boolean}>} */
const runs = {}; // name -> {training, running}

const methods = {
  start: (bytes) => startKernels(bytes),

  /**
   * Keep a data set, or a part of one: images and labels may come one after the other.
   * @param {string} name
   * @param {"train" | "test"} part
   * @param {{inputs?: Uint8Array, labels?: Uint8Array}} examples
   */
  add(name, part, { inputs, labels }) {
    sets[name] ??= {};
    sets[name][part] = { ...sets[name][part], ...(inputs && { inputs }), ...(labels && { labels }) };
    return Object.fromEntries(Object.entries(sets[name]).map(([key, set]) => [key, isWhole(set) ? set.labels.length : 0]));
  },

  async addFile(file) {
    const part = /t10k|test/i.test(file.name) ? "test" : "train";
    return methods.add("mnist", part, await readIdx(file));
  },

  generate(name, count, seed) {
    if (!sets[name]) sets[name] = { train: generate(count, seed), test: generate(Math.min(2000, count), seed + 1_000_003) };
  },

  /** Examples of a data set: {inputs, labels, total}; its test split, or else its training split. */
  examples(name, start, count) {
    const { inputs, labels } = isWhole(sets[name]?.test) ? sets[name].test : sets[name].train;
    return {
      inputs: inputs.slice(start * WIDTH, (start + count) * WIDTH),
      labels: labels.slice(start, start + count),
      total: labels.length,
    };
  },

  /** Train a network of a model file, or a new one with these hidden units. */
  train(run, { model, hidden, data, settings }) {
    const { inputs = [], labels = [] } = sets[data].train;
    const count = labels.length;
    if (inputs.length !== WIDTH * count)
      throw new Error(`${data} has ${inputs.length / WIDTH} images and ${count} labels; add both files of a set`);
    const network = new Network(model ? readParts(model) : freshParts(hidden, settings.seed));
    if (network.task !== "classification") throw new Error("the page trains networks that predict one class only");
    const classOf = Array.from({ length: 256 }, (_, label) => network.classes.indexOf(String(label)));
    const unknown = labels.find((label) => classOf[label] < 0);
    if (unknown !== undefined) throw new Error(`${data} has the label ${unknown}, which is not a class of the network`);
    const held = count < 100 ? 0 : Math.round(VALIDATION * count);
    const known = labels.map((label) => classOf[label]);
    const part = (from, to) => ({ inputs: inputs.subarray(from * WIDTH, to * WIDTH), labels: known.subarray(from, to) });
    const training = new Training(network, part(0, count - held), held ? part(count - held, count) : null, settings);
    runs[run] = { training, running: false };
    methods.resume(run);
    return { steps: training.steps };
  },

  resume(name) {
    const run = runs[name];
    if (!run.running) {
      run.running = true;
      advance(name, run);
    }
  },

  pause(name) {
    runs[name].running = false;
  },

  remove(name) {
    methods.pause(name);
    delete runs[name];
  },

  /** The latest parameters of a run, as a model file. */
  model: (name) => writeModel(runs[name].training.result()),
};

const isWhole = (set) => Boolean(set?.inputs && set.labels && set.inputs.length === WIDTH * set.labels.length);

/** Train for a moment and report, then continue after the messages that have arrived meanwhile. */
function advance(name, run) {
  if (!run.running) return;
  try {
    const record = run.training.run(SLICE);
    if (!Number.isFinite(record.loss)) throw new Error("the loss is no longer finite: choose a smaller learning rate");
    postMessage({ run: name, record });
    if (run.training.finished) {
      run.running = false;
      postMessage({ run: name, state: "finished" });
    } else setTimeout(advance, 0, name, run);
  } catch (error) {
    run.running = false;
    postMessage({ run: name, state: "failed", error: error.message });
  }
}

addEventListener("message", async ({ data: { id, method, values } }) => {
  try {
    postMessage({ id, result: await methods[method](...values) });
  } catch (error) {
    postMessage({ id, error: error.message });
  }
});
