// Follows a run by its server-sent events, and goes on after the last record that it had, whatever came in between:
// a lost connection, a page that nobody looked at, or a turn of other tabs (see streams.js).

import { claim } from "handgrad/train/streams.js";
import { ENDED } from "handgrad/train/words.js";

const AGAIN = 1500; // milliseconds until a connection is tried anew, or it is this tab's turn again

export class Follower {
  #wanted = false; // whether more events may come
  #source = null;
  #timer = null;
  #release = null; // gives back the stream that may stay open
  #step = -1;
  #round = 0;

  /**
   * @param told  {record(record), state({state, error}), connection(whether there is one)}
   */
  constructor(told) {
    this.told = told;
    document.addEventListener("visibilitychange", () => this.#look());
    window.addEventListener("pagehide", () => this.#hangUp());
    window.addEventListener("pageshow", (event) => event.persisted && this.#look());
  }

  /** Whether more events may come. */
  get open() {
    return this.#wanted;
  }

  /** Follow a run from its first record; null: none. */
  follow(name) {
    this.#hangUp();
    this.name = name;
    this.#step = -1;
    this.#wanted = Boolean(name);
    this.#look();
  }

  /** Follow the same run on, after its stream had ended. */
  goOn() {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#look();
  }

  /** A page that nobody sees needs no connection; once it is seen again, it hears what it has missed. */
  #look() {
    if (document.hidden) this.#hangUp();
    else if (this.#wanted && !this.#source && !this.#timer) this.#connect();
  }

  async #connect() {
    this.#hangUp();
    const round = this.#round;
    const release = await claim();
    if (round !== this.#round) return release?.(); // hung up meanwhile
    this.#release = release;
    const source = new EventSource(`./runs/${encodeURIComponent(this.name)}/events?after=${this.#step}`);
    this.#source = source;
    const heard = (kind, hear) => source.addEventListener(kind, (event) => source === this.#source && hear(event));
    heard("open", () => this.told.connection(true));
    heard("record", ({ data }) => this.#record(JSON.parse(data)));
    heard("state", ({ data }) => this.#state(JSON.parse(data)));
    heard("error", () => this.#lost(source));
  }

  #record(record) {
    if (record.step <= this.#step) return; // a new connection tells the old ones again
    this.#step = record.step;
    this.told.record(record);
  }

  /** A state comes behind all records that there are, so it may end a turn. */
  #state(found) {
    this.#wanted = !ENDED.has(found.state);
    if (!this.#wanted) this.#hangUp();
    else if (!this.#release) this.#later();
    this.told.state(found);
  }

  #lost(source) {
    this.told.connection(false);
    if (source.readyState === EventSource.CLOSED) this.#later(); // else the browser tries again by itself
  }

  #later() {
    this.#hangUp();
    this.#timer = setTimeout(() => this.#connect(), AGAIN);
  }

  #hangUp() {
    this.#round += 1;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#source?.close();
    this.#source = null;
    this.#release?.();
    this.#release = null;
  }
}
