// Follows a run by its server-sent events. After a lost connection, or in a page that was hidden, it continues after the
// last record that it received.

import { ENDED } from "handgrad/train/format.js";

const RETRY = 1500; // milliseconds until the next connection, where the browser does not retry itself

export class Follower {
  #expecting = false; // whether more events may come
  #source = null;
  #timer = null;
  #step = -1;

  /** @param handlers  {record(record), state({state, error}), connection(whether there is one)} */
  constructor(handlers) {
    this.handlers = handlers;
    document.addEventListener("visibilitychange", () => this.#update());
  }

  get expecting() {
    return this.#expecting;
  }

  /** Follow a run from its first record; null: none. */
  follow(name) {
    this.#disconnect();
    this.name = name;
    this.#step = -1;
    this.#expecting = Boolean(name);
    this.#update();
  }

  /** Follow the same run again after its stream ended. */
  resume() {
    this.#expecting = true;
    this.#update();
  }

  /** Browsers have few connections, which all tabs share: a hidden page has none. Once visible, it receives what it missed. */
  #update() {
    if (document.hidden) this.#disconnect();
    else if (this.#expecting && !this.#source) this.#connect();
  }

  #connect() {
    const source = new EventSource(`./runs/${encodeURIComponent(this.name)}/events?after=${this.#step}`);
    this.#source = source;
    source.addEventListener("open", () => this.handlers.connection(true));
    source.addEventListener("record", ({ data }) => this.#onRecord(JSON.parse(data)));
    source.addEventListener("state", ({ data }) => this.#onState(JSON.parse(data)));
    source.addEventListener("error", () => this.#onError());
  }

  #onRecord(record) {
    if (record.step <= this.#step) return; // sent again, by a run that was resumed from its last checkpoint
    this.#step = record.step;
    this.handlers.record(record);
  }

  #onState(found) {
    this.#expecting = !ENDED.has(found.state);
    if (!this.#expecting) this.#disconnect();
    this.handlers.state(found);
  }

  #onError() {
    this.handlers.connection(false);
    if (this.#source.readyState !== EventSource.CLOSED) return;
    this.#disconnect();
    this.#timer = setTimeout(() => this.#update(), RETRY);
  }

  #disconnect() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }
}
