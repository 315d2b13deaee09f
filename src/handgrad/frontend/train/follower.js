// Follows a run by its server-sent events. After a lost connection, in a page that was hidden, or when other tabs hold
// the streams (see streams.js), it continues after the last record that it received.

import { ENDED } from "handgrad/train/format.js";
import { claim } from "handgrad/train/streams.js";

const RETRY = 1500; // milliseconds until the next connection

export class Follower {
  #expecting = false; // whether more events may come
  #source = null;
  #timer = null;
  #release = null; // releases the claimed stream
  #step = -1;
  #round = 0;

  /** @param handlers  {record(record), state({state, error}), connection(whether there is one)} */
  constructor(handlers) {
    this.handlers = handlers;
    document.addEventListener("visibilitychange", () => this.#update());
    window.addEventListener("pagehide", () => this.#disconnect());
    window.addEventListener("pageshow", (event) => event.persisted && this.#update());
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
    if (this.#expecting) return;
    this.#expecting = true;
    this.#update();
  }

  /** A hidden page needs no connection; once visible, it receives what it missed. */
  #update() {
    if (document.hidden) this.#disconnect();
    else if (this.#expecting && !this.#source && !this.#timer) this.#connect();
  }

  async #connect() {
    this.#disconnect();
    const round = this.#round;
    const release = await claim();
    if (round !== this.#round) return release?.(); // disconnected meanwhile
    this.#release = release;
    const source = new EventSource(`./runs/${encodeURIComponent(this.name)}/events?after=${this.#step}`);
    this.#source = source;
    const on = (kind, handle) => source.addEventListener(kind, (event) => source === this.#source && handle(event));
    on("open", () => this.handlers.connection(true));
    on("record", ({ data }) => this.#onRecord(JSON.parse(data)));
    on("state", ({ data }) => this.#onState(JSON.parse(data)));
    on("error", () => this.#onError(source));
  }

  #onRecord(record) {
    if (record.step <= this.#step) return; // sent again on a new connection
    this.#step = record.step;
    this.handlers.record(record);
  }

  /** A state comes after all records so far: without a claimed stream the connection can be closed for a while. */
  #onState(found) {
    this.#expecting = !ENDED.has(found.state);
    if (!this.#expecting) this.#disconnect();
    else if (!this.#release) this.#retryLater();
    this.handlers.state(found);
  }

  #onError(source) {
    this.handlers.connection(false);
    if (source.readyState === EventSource.CLOSED) this.#retryLater(); // otherwise the browser retries
  }

  #retryLater() {
    this.#disconnect();
    this.#timer = setTimeout(() => this.#connect(), RETRY);
  }

  #disconnect() {
    this.#round += 1;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#source?.close();
    this.#source = null;
    this.#release?.();
    this.#release = null;
  }
}
