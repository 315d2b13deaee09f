// The state of the page, in one place. Views render from it, and change it only by `set`.

/**
 * @typedef {Record<string, any>} State
 */
export class Store {
  /** @type {{keys: string[], render: (state: State) => void, section: string | null, waits: boolean}[]} */
  #views = [];
  /** @type {Set<string>} */
  #changed = new Set();
  #requested = false;

  /** Where the data, the runs and the collections come from; null: there are none. */
  backend = null;

  /** @param {State} state */
  constructor(state) {
    this.state = state;
  }

  /**
   * Change entries of the state; views of changed entries render in the next animation frame.
   * @param {State} changes
   */
  set(changes) {
    if (!this.#requested) requestAnimationFrame(() => this.#render());
    this.#requested = true;
    for (const [key, value] of Object.entries(changes)) {
      this.state[key] = value;
      this.#changed.add(key);
    }
  }

  /**
   * Render a view now and after each change of one of the entries.
   * @param {string[]} keys
   * @param {(state: State) => void} render
   * @param {string | null} section  the section of the view, which waits until that is shown
   */
  subscribe(keys, render, section = null) {
    const view = { keys, render, section, waits: true };
    this.#views.push(view);
    this.#show(view);
  }

  #show(view) {
    if (!view.waits || (view.section && view.section !== this.state.section)) return;
    view.waits = false;
    view.render(this.state);
  }

  /** Views may change further entries, which are rendered in the same frame. */
  #render() {
    try {
      while (this.#changed.size) {
        const changed = this.#changed;
        this.#changed = new Set();
        for (const view of this.#views) {
          view.waits ||= view.keys.some((key) => changed.has(key));
          this.#show(view);
        }
      }
    } finally {
      this.#requested = false;
    }
  }
}
