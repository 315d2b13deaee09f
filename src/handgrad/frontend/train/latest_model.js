// Fetches the latest parameters of a run, one request at a time and not more often than every PAUSE milliseconds.

import { readModel } from "handgrad/model/network.js";

const PAUSE = 700;

export class LatestModel {
  #name = null;
  #tag = null;
  #busy = false;
  #again = false;

  /** @param changed  called with each new network */
  constructor(changed) {
    this.changed = changed;
  }

  /** Choose the run; null: none. */
  setRun(name) {
    this.#name = name;
    this.#tag = null;
  }

  /** Fetch the parameters, if they are new. */
  async request() {
    if (!this.#name) return;
    this.#again = this.#busy;
    if (this.#busy) return;
    this.#busy = true;
    const name = this.#name;
    await this.#fetch(name).catch(() => {}); // the Follower reports lost connections
    setTimeout(() => {
      this.#busy = false;
      if (this.#again || name !== this.#name) this.request();
    }, PAUSE);
  }

  async #fetch(name) {
    const response = await fetch(`./runs/${encodeURIComponent(name)}/model`, { cache: "no-cache" });
    const tag = response.headers.get("ETag");
    if (response.status !== 200 || (name === this.#name && tag === this.#tag)) return; // 204: no parameters yet
    const network = readModel(await response.arrayBuffer());
    if (name !== this.#name) return; // another run was chosen meanwhile
    this.#tag = tag;
    this.changed(network);
  }
}
