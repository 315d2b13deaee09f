// The interface of sections that do not use the store yet.

import { fromBase64 } from "handgrad/elements.js";
import { readModel } from "handgrad/model/network.js";

export class App extends EventTarget {
  server = true;

  constructor(store) {
    super();
    this.store = store;
    store.subscribe(["network"], () => this.dispatchEvent(new Event("network")));
    store.subscribe(["section"], ({ section }) => this.dispatchEvent(new CustomEvent("section", { detail: section })));
  }

  get network() {
    return this.store.state.network;
  }

  get modelName() {
    return this.store.state.modelName;
  }

  get part() {
    return this.store.state.part;
  }

  showExample(pixels, label = null) {
    const status = label === null ? "Example opened" : `Example opened, labelled ${label}`;
    this.store.set({ section: "draw", part: null, pixels: Uint8Array.from(pixels), strokes: null, status });
  }

  setAddress(section, part) {
    if (this.store.state.section === section) this.store.set({ part });
  }

  notify(text) {
    this.store.set({ status: text });
  }

  async api(path, options = {}) {
    let response;
    try {
      response = await fetch(`.${path}`, options);
    } catch {
      throw new Error("the server does not answer: is handgrad serve still running?");
    }
    if (response.ok) return response.json();
    const { detail } = await response.json().catch(() => ({}));
    throw new Error(typeof detail === "string" ? detail : `the server refused ${path} (${response.status})`);
  }

  post(path, body) {
    const settings = body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    return this.api(path, { method: "POST", ...settings });
  }

  async useModel(run) {
    try {
      const { name } = await this.post("/model", { run });
      const file = await fetch("./model/file", { cache: "no-cache" });
      this.store.set({ network: readModel(await file.arrayBuffer()), modelName: name, status: `${name} is in use` });
    } catch (error) {
      this.notify(error.message);
    }
  }
}

/** The part of the backend that the Draw section needs, until there is backend/server.js. */
export class ServerData {
  async datasets() {
    return (await fetch("./data")).json();
  }

  async examples(name, split, offset, limit) {
    const { inputs, labels, classes, total } = await (
      await fetch(`./data/examples?${new URLSearchParams({ name, split, offset, limit })}`)
    ).json();
    return { images: fromBase64(inputs), labels: labels.map((label) => classes[label] ?? String(label)), total };
  }
}
