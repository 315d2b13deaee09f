// The backend of a page without a server: a worker trains, and the browser keeps drawn digits. See backend/server.js.

import { DIGITS } from "handgrad/facts.js";
import { kernelBytes } from "handgrad/kernel_bytes.js";
import { writeModel } from "handgrad/model/model_file.js";

const STORED = "handgrad digits"; // the key of the collections in the browser's storage
const STROKES = [2000, 20000]; // sizes of generated data sets
const RECIPE = { epochs: 8, batch_size: 128, learning_rate: 0.01, weight_decay: 0.1 };
const MLP = { name: "mlp", lesson: "784-128-10 with ReLU, trained by AdamW", training: RECIPE, hidden: [128], dense: true };
const FINE_TUNING = { epochs: 20, batch_size: 10, learning_rate: 0.001, weight_decay: 0 };

export class PageBackend {
  #requests = new Map(); // id -> {resolve, reject}
  #runs = new Map(); // name -> {run, records, followers, model}
  #data = new Map(STROKES.map((count) => [`strokes:${count}`, count]));
  #unstored = null; // collections that the browser does not store
  /** @type {Promise<Worker> | null} */
  #worker = null;
  #next = 0;

  recipes = async () => [MLP];
  runs = async () => [...this.#runs.values()].map(({ run }) => run).reverse();
  /** The latest parameters of a run as a model file. */
  model = async (name) => (await this.#request("model", name)).buffer;

  /**
   * @param {() => any} network  returns the network in use
   * @param {(drawing: any) => Uint8Array} pixels  draws a drawing as the network's input
   */
  constructor(network, pixels) {
    this.network = network;
    this.pixels = pixels;
    this.collections = {
      list: async () => [...this.#collections].map(([name, drawings]) => ({ name, examples: drawings.length })),
      read: async (name) => this.#collections.get(name) ?? [],
      add: async (name, drawing) => this.#store(name, [...(this.#collections.get(name) ?? []), drawing]),
      remove: async (name, index) => this.#store(name, this.#collections.get(name).toSpliced(index, 1)),
      download: async (name) => new File([JSON.stringify(this.#collections.get(name) ?? [])], `${name}.json`, { type: "application/json" }),
    };
  }

  /** Send a request to the worker, which the first one starts. */
  async #request(method, ...values) {
    this.#worker ??= this.#start();
    return this.#send(await this.#worker, method, values);
  }

  async #start() {
    const worker = new Worker(import.meta.resolve("handgrad/generated/worker.js"), { type: "module" });
    worker.addEventListener("message", ({ data }) => this.#onMessage(data));
    worker.addEventListener("error", ({ message }) => {
      for (const { reject } of this.#requests.values()) reject(new Error(`the worker of the page failed: ${message}`));
    });
    await this.#send(worker, "start", [await kernelBytes()]);
    return worker;
  }

  #send(worker, method, values) {
    const id = this.#next++;
    worker.postMessage({ id, method, values });
    return new Promise((resolve, reject) => this.#requests.set(id, { resolve, reject }));
  }

  #onMessage({ id, result, error, run: name, record, state }) {
    if (name === undefined) {
      const { resolve, reject } = this.#requests.get(id);
      this.#requests.delete(id);
      return error === undefined ? resolve(result) : reject(new Error(error));
    }
    const found = this.#runs.get(name);
    if (!found) return;
    if (record) {
      found.records.push(record);
      found.run.last = record;
      for (const { record: show } of found.followers) show(record);
    } else this.#setState(found, state, error);
  }

  #setState(found, state, error = null) {
    Object.assign(found.run, { state, error });
    for (const follower of found.followers) follower.state({ state, error });
  }

  async datasets() {
    const drawn = [...this.#collections].map(([name, drawings]) => ({ name: `digits/${name}`, examples: drawings.length }));
    return [...[...this.#data].map(([name, examples]) => ({ name, examples })), ...drawn];
  }

  /** Add a file of MNIST, and return a line about what is still missing, or the number of examples. */
  async addFile(file) {
    const { train = 0, test = 0 } = await this.#request("addFile", file).catch((error) => {
      throw new Error(`${file.name}: ${error.message}`);
    });
    if (train) this.#data.set("mnist", train);
    return { train, test };
  }

  async #prepare(data) {
    if (data.startsWith("strokes:")) return this.#request("generate", data, this.#data.get(data), 0);
    if (!data.startsWith("digits/")) return null;
    const drawings = this.#collections.get(data.slice(7)) ?? [];
    if (!drawings.length) throw new Error(`${data} has no digits yet; draw some in Digits`);
    const other = drawings.find(({ label }) => !DIGITS.includes(label));
    if (other) throw new Error(`${data} has the label '${other.label}'; the page trains on the digits 0 to 9 only`);
    const inputs = new Uint8Array(784 * drawings.length);
    drawings.forEach((drawing, k) => inputs.set(this.pixels(drawing), 784 * k));
    return this.#request("add", data, "train", { inputs, labels: Uint8Array.from(drawings, ({ label }) => Number(label)) });
  }

  /** Examples of the test split, or else of the training split: {images: bytes, labels: names of classes, classes, total}. */
  async examples(name, _split, start, count) {
    await this.#prepare(name);
    const { inputs, labels, total } = await this.#request("examples", name, start, count);
    return { images: inputs, labels: Array.from(labels, String), classes: DIGITS, total };
  }

  async start({ recipe = "", start = false, data, hidden = [128], seed = 0, ...given }) {
    this.#checkIdle();
    await this.#prepare(data);
    /** @type {Record<string, any>} */
    const training = { ...(start ? FINE_TUNING : RECIPE), ...given, seed };
    if (training.batch_size === "all") training.batch_size = (await this.datasets()).find(({ name }) => name === data).examples;
    const stem = start ? "fine-tuned" : recipe;
    let number = 1;
    while (this.#runs.has(`${stem}-${number}`)) number += 1;
    const name = `${stem}-${number}`;
    const run = { name, state: "running", error: null, recipe: stem, data, training: { ...training, hidden }, last: null };
    this.#runs.set(name, { run, records: [], followers: new Set() });
    try {
      await this.#request("train", name, { settings: training, hidden, data, model: start ? writeModel(this.network()).buffer : null });
    } catch (error) {
      this.#runs.delete(name);
      throw error;
    }
    return run;
  }

  /** Call `record` with each record of a run, those so far first, and `state` with its state; return what ends this. */
  follow(name, { record, state }) {
    const found = this.#runs.get(name);
    if (!found) return () => {};
    const follower = { record, state };
    for (const each of found.records) record(each);
    state({ state: found.run.state, error: found.run.error });
    found.followers.add(follower);
    return () => found.followers.delete(follower);
  }

  async pause(name) {
    await this.#request("pause", name);
    this.#setState(this.#runs.get(name), "paused");
  }

  #checkIdle() {
    const running = [...this.#runs.values()].find(({ run }) => run.state === "running");
    if (running) throw new Error(`${running.run.name} is training; pause it first`);
  }

  async resume(name) {
    this.#checkIdle();
    this.#setState(this.#runs.get(name), "running");
    await this.#request("resume", name);
  }

  async remove(name) {
    await this.#request("remove", name);
    this.#runs.delete(name);
  }

  /** The drawings by the name of the collection; other tabs change them, too. */
  get #collections() {
    return this.#unstored ?? stored();
  }

  #store(name, drawings) {
    const collections = this.#collections.set(name, drawings);
    try {
      localStorage.setItem(STORED, JSON.stringify([...collections]));
    } catch {
      this.#unstored = collections;
      throw new Error("this browser stores nothing for this page: download the digits before you close it");
    }
  }
}

/** The collections of the browser's storage, without entries that are not drawings; none if it is damaged. */
function stored() {
  const isPoint = ([x, y]) => Number.isFinite(x) && Number.isFinite(y);
  const isDrawing = ({ width, strokes, label }) => width > 0 && label && strokes.length && strokes.flat().every(isPoint);
  try {
    return new Map(JSON.parse(localStorage.getItem(STORED)).map(([name, drawings]) => [name, drawings.filter(isDrawing)]));
  } catch {
    return new Map();
  }
}
