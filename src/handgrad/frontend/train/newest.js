// The newest parameters of a run, asked for one at a time, and not more than once in a while.

import { readModel } from "handgrad/model/network.js";

const PAUSE = 700; // milliseconds from one answer to the next question

export class Newest {
  #name = null;
  #tag = null;
  #busy = false;
  #again = false;

  /** @param told  called with each new network, and the run's name */
  constructor(told) {
    this.told = told;
  }

  /** Be ready to ask for those of a run; what was asked for before is forgotten. */
  of(name) {
    this.#name = name;
    this.#tag = null;
  }

  /** There may be newer ones. */
  async ask() {
    if (!this.#name) return;
    this.#again = this.#busy;
    if (this.#busy) return;
    this.#busy = true;
    const name = this.#name;
    await this.#fetch(name).catch(() => {}); // the connection's state is told elsewhere
    setTimeout(() => {
      this.#busy = false;
      if (this.#again || name !== this.#name) this.ask();
    }, PAUSE);
  }

  async #fetch(name) {
    const response = await fetch(`./runs/${encodeURIComponent(name)}/model`, { cache: "no-cache" });
    // 204: it has no parameters yet
    const tag = response.headers.get("ETag");
    if (response.status !== 200 || (name === this.#name && tag === this.#tag)) return;
    const network = readModel(await response.arrayBuffer());
    if (name !== this.#name) return; // another was chosen meanwhile
    this.#tag = tag;
    this.told(network, name);
  }
}
