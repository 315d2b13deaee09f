// Follows a run by the server's events. After a lost connection, or in a page that was hidden, it continues after the last
// record that it received.

const RETRY = 1500; // milliseconds until the next connection, where the browser does not retry itself
const FINAL = new Set(["finished", "failed", "damaged"]); // states after which no events come

/**
 * Call `record` with each record of a run, `state` with its state, and `connection` with whether there is one.
 * @param {string} path  of the events
 * @param {{record: (record: any) => void, state: (found: any) => void, connection?: (there: boolean) => void}} handlers
 * @returns {() => void}  ends this
 */
export function follow(path, { record, state, connection = () => {} }) {
  let [source, step, over, timer] = [null, -1, false, 0];

  /** Browsers have few connections, which all tabs share: a hidden page has none. Once visible, it receives what it missed. */
  function update() {
    if (document.hidden || over) disconnect();
    else if (!source) connect();
  }

  function connect() {
    source = new EventSource(`${path}?after=${step}`);
    source.addEventListener("open", () => connection(true));
    source.addEventListener("record", ({ data }) => onRecord(JSON.parse(data)));
    source.addEventListener("state", ({ data }) => onState(JSON.parse(data)));
    source.addEventListener("error", onError);
  }

  function onRecord(found) {
    if (found.step <= step) return; // sent again, by a run that was resumed from its last checkpoint
    step = found.step;
    record(found);
  }

  function onState(found) {
    over = FINAL.has(found.state);
    update();
    state(found);
  }

  function onError() {
    connection(false);
    if (source?.readyState !== EventSource.CLOSED) return;
    disconnect();
    timer = setTimeout(update, RETRY);
  }

  function disconnect() {
    clearTimeout(timer);
    source?.close();
    source = null;
  }

  document.addEventListener("visibilitychange", update);
  update();
  return () => {
    over = true;
    document.removeEventListener("visibilitychange", update);
    disconnect();
  };
}
