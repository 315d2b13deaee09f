// Follows a run by the server's events. After a lost connection, or in a page that was hidden, it continues after the last
// record that it received.

const RETRY = 1500; // milliseconds until the next connection, where the browser does not retry itself
const FINAL = ["finished", "failed", "damaged"]; // states after which no events come

/**
 * Call `record` with each record of a run, `state` with its state, and `connection` with whether there is one.
 * @param {string} path  of the events
 * @param {{record: (record: any) => void, state: (found: any) => void, connection?: (there: boolean) => void}} handlers
 * @returns {() => void}  ends this
 */
export function follow(path, { record, state, connection = () => {} }) {
  let [source, step, over] = [null, -1, false];

  /** Connect, but not in a hidden page: browsers have few connections, which all tabs share. */
  function update() {
    source?.close();
    source = over || document.hidden ? null : new EventSource(`${path}?after=${step}`);
    source?.addEventListener("open", () => connection(true));
    source?.addEventListener("record", ({ data }) => {
      const found = JSON.parse(data);
      if (found.step <= step) return; // sent again, by a run that was resumed from its last checkpoint
      step = found.step;
      record(found);
    });
    source?.addEventListener("state", ({ data }) => {
      const found = JSON.parse(data);
      if (FINAL.includes(found.state)) end();
      state(found);
    });
    source?.addEventListener("error", ({ target }) => {
      connection(false);
      if (target === source && target.readyState === EventSource.CLOSED) setTimeout(() => target === source && update(), RETRY);
    });
  }

  function end() {
    over = true;
    document.removeEventListener("visibilitychange", update);
    source?.close();
  }

  document.addEventListener("visibilitychange", update);
  update();
  return end;
}
