// State shared by the sections: the network in use, the current drawing, the server, the status line.

import { readModel } from "handgrad/model/network.js";

export class App extends EventTarget {
  network = null;
  modelName = "";
  part = null; // what the address names within a section, e.g. the run in #train/mlp-1
  #pixels = null;
  #strokes = [];

  /** @param {boolean} server  whether a server answers; false in an exported file */
  constructor(server) {
    super();
    this.server = server;
  }

  /** Replace the network; dispatches "network". */
  setNetwork(network, name) {
    this.network = network;
    this.modelName = name;
    this.dispatchEvent(new Event("network"));
  }

  /** Open 28×28 bytes in the Draw section. */
  showExample(pixels, label = null) {
    this.dispatchEvent(new CustomEvent("example", { detail: { pixels: Uint8Array.from(pixels), label } }));
    location.hash = "#draw";
  }

  /** Put a part of a section into the address, for reload, Back and links. */
  setAddress(section, part, push = false) {
    const visible = document.getElementById(section).hidden === false;
    if (!visible || location.hash === `#${section}/${part}`) return;
    history[push ? "pushState" : "replaceState"](null, "", `#${section}/${part}`);
    this.part = part;
  }

  /** Set the network's input (null: none) and the strokes it was made from (null: none); dispatches "drawn". */
  setDrawing(pixels, strokes) {
    this.#pixels = pixels;
    this.#strokes = strokes;
    this.dispatchEvent(new Event("drawn"));
  }

  /** The 784 bytes of the network's input, or null. */
  currentPixels() {
    return this.#pixels && Uint8Array.from(this.#pixels);
  }

  /** The drawing as JSON without a label, or null where the pixels were not drawn as strokes. */
  currentStrokes() {
    return this.#strokes;
  }

  /** Show one line, which screen readers announce. */
  notify(text) {
    const line = document.getElementById("status");
    line.textContent = text;
    line.classList.remove("over");
    clearTimeout(this.fading);
    this.fading = setTimeout(() => line.classList.add("over"), 8000);
  }

  /** Send a request and return the parsed JSON; throws an Error with the server's message. */
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

  /** POST, with a JSON body if there is one. */
  post(path, body) {
    const settings = body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    return this.api(path, { method: "POST", ...settings });
  }

  /** Use the model of a run, on the server and in every section. */
  async useModel(run) {
    try {
      const { name } = await this.post("/model", { run });
      const file = await fetch("./model/file", { cache: "no-cache" });
      this.setNetwork(readModel(await file.arrayBuffer()), name);
      this.notify(`${name} is in use`);
    } catch (error) {
      this.notify(error.message);
    }
  }
}
