// Follows a run by its server-sent events. The browser connects again by itself, and says which record it had last.

import { ENDED } from "handgrad/train/words.js";

const AGAIN = 1500; // milliseconds until a connection is tried anew that the browser has given up

export class Follower {
  #source = null;
  #timer = null;
  #step = -1;

  /**
   * @param told  {record(record), state({state, error}), connection(whether there is one)}
   */
  constructor(told) {
    this.told = told;
    window.addEventListener("pagehide", () => this.#hangUp());
    window.addEventListener("pageshow", (event) => event.persisted && this.name && this.#connect());
  }

  /** Whether more events may come. */
  get open() {
    return this.#source !== null || this.#timer !== null;
  }

  /** Follow a run from its first record; null: none. */
  follow(name) {
    this.name = name;
    this.#step = -1;
    this.#hangUp();
    if (name) this.#connect();
  }

  /** Follow the same run on, after its stream had ended. */
  goOn() {
    if (!this.open) this.#connect();
  }

  #connect() {
    this.#hangUp();
    const source = new EventSource(`./runs/${encodeURIComponent(this.name)}/events`);
    this.#source = source;
    source.addEventListener("open", () => this.told.connection(true));
    source.addEventListener("record", ({ data }) => this.#record(JSON.parse(data)));
    source.addEventListener("state", ({ data }) => this.#state(JSON.parse(data)));
    source.addEventListener("error", () => this.#lost(source));
  }

  #record(record) {
    if (record.step <= this.#step) return; // a new connection tells the old ones again
    this.#step = record.step;
    this.told.record(record);
  }

  #state(found) {
    if (ENDED.has(found.state)) this.#hangUp();
    this.told.state(found);
  }

  #lost(source) {
    if (source !== this.#source) return;
    this.told.connection(false);
    if (source.readyState !== EventSource.CLOSED) return; // the browser tries again
    this.#source = null;
    this.#timer = setTimeout(() => this.#connect(), AGAIN);
  }

  #hangUp() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#source?.close();
    this.#source = null;
  }
}
