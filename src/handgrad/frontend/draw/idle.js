// Work that must not delay a stroke: done at once while it is fast, else when the browser is idle.

const FAST = 6; // milliseconds
const idle = window.requestIdleCallback ? (work) => requestIdleCallback(work, { timeout: 400 }) : (work) => setTimeout(work, 60);
const cancel = window.cancelIdleCallback ?? clearTimeout;

export class IdleTask {
  #duration = 0;
  #request = null;

  /** @param work  uses the newest state when it runs */
  constructor(work) {
    this.work = work;
  }

  /** @param {boolean} now  whether to run at once even if the work is slow */
  request(now) {
    if (now || this.#duration < FAST) return this.#run();
    this.#request ??= idle(() => this.#run());
  }

  #run() {
    if (this.#request !== null) cancel(this.#request);
    this.#request = null;
    const start = performance.now();
    this.work();
    this.#duration = performance.now() - start;
  }
}
