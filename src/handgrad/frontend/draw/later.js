// Work that must not hold up a stroke: light work is done at once, heavy work when the browser is idle.

const LIGHT = 6; // milliseconds

export class Later {
  #cost = 0;
  #asked = null;

  /** @param work  always done with what is newest when its time comes */
  constructor(work) {
    this.work = work;
  }

  /** @param {boolean} now  whether nobody is drawing, so that it may take a moment */
  ask(now) {
    if (now || this.#cost < LIGHT) return this.#do();
    this.#asked ??= idle(() => this.#do());
  }

  #do() {
    if (this.#asked !== null) cancel(this.#asked);
    this.#asked = null;
    const begin = performance.now();
    this.work();
    this.#cost = performance.now() - begin;
  }
}

const idle = (work) => (window.requestIdleCallback ? requestIdleCallback(work, { timeout: 400 }) : setTimeout(work, 60));
const cancel = (asked) => (window.cancelIdleCallback ? cancelIdleCallback(asked) : clearTimeout(asked));
