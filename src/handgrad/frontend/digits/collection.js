// A collection of drawn digits: digits/NAME.csv on the server.

import { examplesOf } from "handgrad/train/test_images.js";

const KEY = "handgrad.collection.name"; // survives a reload
const PREFIX = "digits/"; // of the names of data sets that are collections
const NONE = { pixels: new Uint8Array(), labels: [], count: 0 };

export class Collection extends EventTarget {
  name = localStorage.getItem(KEY) ?? "mine";
  examples = NONE; // like the result of `examplesOf`

  constructor(app) {
    super();
    this.app = app;
  }

  get count() {
    return this.examples.count;
  }

  pixelsOf(index) {
    return this.examples.pixels.slice(784 * index, 784 * (index + 1));
  }

  /** Load a collection, which is empty where the server has none of that name; dispatches "change". */
  async open(name = this.name) {
    this.name = name;
    localStorage.setItem(KEY, name);
    const examples = (await this.list()).some((set) => set.name === name) ? await examplesOf(this.app, PREFIX + name, "train") : NONE;
    if (name !== this.name) return; // another was opened meanwhile
    this.examples = examples;
    this.dispatchEvent(new Event("change"));
  }

  /** List all collections: [{name, examples}]. */
  async list() {
    const sets = await this.app.api("/data");
    return sets.filter(({ name }) => name.startsWith(PREFIX)).map(({ name, examples }) => ({ name: name.slice(PREFIX.length), examples }));
  }

  async add(pixels, label) {
    await this.app.post("/digits", { name: this.name, inputs: [[...pixels]], labels: [label] });
    await this.open();
  }

  async remove(index) {
    await this.app.api(`/digits/${this.name}/${index}`, { method: "DELETE" });
    await this.open();
  }
}
