// What the sections of the page share: the network in use, the digit that is drawn, the server, one line of news.

export class App extends EventTarget {
  network = null;
  modelName = "";
  part = null; // what the address names within the section, as a run in #train/mlp-1
  #pixels = null;
  #strokes = [];

  /** @param {boolean} server  whether a server answers; false in the exported file. */
  constructor(server) {
    super();
    this.server = server;
  }

  /** Use another network from now on; every section hears "network". */
  setNetwork(network, name) {
    this.network = network;
    this.modelName = name;
    this.dispatchEvent(new Event("network"));
  }

  /** Put 28×28 bytes into the Draw section, and go there. */
  showExample(pixels, label = null) {
    this.dispatchEvent(new CustomEvent("example", { detail: { pixels: Uint8Array.from(pixels), label } }));
    location.hash = "#draw";
  }

  /** Have the address name what is looked at in a section, so that a reload, Back and a link lead there. */
  name(section, part, anew = false) {
    const here = document.getElementById(section).hidden === false;
    if (!here || location.hash === `#${section}/${part}`) return;
    history[anew ? "pushState" : "replaceState"](null, "", `#${section}/${part}`);
    this.part = part;
  }

  /** Told by the Draw section: what the network receives (null: nothing), and the strokes it came from. */
  drawn(pixels, strokes) {
    this.#pixels = pixels;
    this.#strokes = strokes;
    this.dispatchEvent(new Event("drawn"));
  }

  /** The 784 bytes that the network receives now, or null. */
  currentPixels() {
    return this.#pixels && Uint8Array.from(this.#pixels);
  }

  /** The drawing now, in the JSON form without a label, or null where the pixels come from no strokes. */
  currentStrokes() {
    return this.#strokes;
  }

  /** One line of news, which screen readers read out, too. */
  say(text) {
    const line = document.getElementById("status");
    line.textContent = text;
    line.classList.remove("over");
    clearTimeout(this.fading);
    this.fading = setTimeout(() => line.classList.add("over"), 8000);
  }

  /** Ask the server; gives parsed JSON, or throws an Error with the server's line. */
  async api(path, options = {}) {
    let response;
    try {
      response = await fetch(`.${path}`, options);
    } catch {
      throw new Error("the server does not answer: is handgrad serve still running?");
    }
    if (response.ok) return response.json();
    const answer = await response.json().catch(() => ({}));
    const detail = answer.detail;
    throw new Error(typeof detail === "string" ? detail : `the server refused ${path} (${response.status})`);
  }
}
