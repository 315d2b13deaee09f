// Keeps in the store what the sections show of runs: their list, the records of those that are shown, and the newest
// network of the selected one.

import { readModel } from "handgrad/model/network.js";
import { attempt } from "handgrad/train/actions.js";
import { stateOf } from "handgrad/train/format.js";

const INTERVAL = 2000; // milliseconds between two lists of runs: other tabs and terminals train, too
const PAUSE = 700; // milliseconds between two requests for a network

/** Watch runs; `stale` in the store requests a new list. */
export function watch(store) {
  const { backend } = store;
  const streams = new Map(); // name -> {stop, ended, state, facts}
  let [round, loading, again] = [0, false, false];

  /** List the runs. Without a selected run, select the newest. */
  async function list() {
    const mine = ++round;
    try {
      const runs = await backend.runs();
      if (mine !== round) return; // a newer list was requested
      const run = store.state.run ?? runs[0]?.name ?? null;
      store.set({ runs: [...runs], listed: true, listProblem: null, ...(run !== store.state.run && { run }) });
    } catch (error) {
      store.set({ listProblem: error.message });
    }
  }

  /** Follow the shown runs; one that was resumed after its end, again. */
  function follow({ runs, run: selected, compared }) {
    const shown = runs.filter(({ name }) => name === selected || compared.includes(name));
    for (const [name, { stop }] of streams) {
      if (shown.some((run) => run.name === name)) continue;
      stop();
      streams.delete(name);
    }
    for (const { name, state, data, training } of shown) {
      const [stream, facts] = [streams.get(name), JSON.stringify([data, training])];
      const isOther = stream && stream.facts !== facts; // a new run has the name of a deleted one
      if (stream && !isOther && !(stream.ended && state === "running")) continue;
      stream?.stop();
      if (isOther) store.set({ latest: null });
      open(name, state, facts);
    }
  }

  function open(name, state, facts) {
    const stream = { stop: () => {}, ended: false, state, facts };
    const records = [];
    streams.set(name, stream);
    store.set({ records: { ...store.state.records, [name]: records } });
    stream.stop = backend.follow(name, {
      record: (record) => {
        const isOther = record.epoch !== records.at(-1)?.epoch;
        records.push(record);
        store.set({ records: store.state.records });
        if (name === store.state.run && (record.validation_loss !== null || isOther)) load(); // within an epoch it is the same
      },
      state: (found) => {
        // browsers have few connections: a run that only lends its curves is listened to while it trains
        stream.ended = found.state !== "running" && (found.state !== "paused" || name !== store.state.run);
        setState(name, found, stream);
        if (stream.ended) setTimeout(() => stream.stop());
      },
      connection: (connected) => store.set({ connected }),
    });
  }

  function setState(name, { state, error = null }, stream) {
    const { runs, run } = store.state;
    if (name === run) load();
    if (stream.state === state) return;
    [stream.state, round] = [state, round + 1]; // a list that was requested before is out of date
    const status = stateOf({ name, state, error });
    store.set({ runs: runs.map((each) => (each.name === name ? { ...each, state, error } : each)), status, stale: true });
  }

  /** Load the newest network of the selected run while it is shown, one at a time and not too often. */
  async function load() {
    const { run: name, section } = store.state;
    again = loading;
    if (!name || loading || section !== "train") return;
    loading = true;
    const bytes = await backend.model(name).catch(() => null); // a lost connection is shown by the stream
    const isNew = bytes && bytes !== store.state.latest?.bytes && name === store.state.run;
    if (isNew) await attempt(store, async () => store.set({ latest: { name, bytes, network: readModel(bytes) } }));
    setTimeout(() => {
      loading = false;
      if (again || name !== store.state.run) load();
    }, PAUSE);
  }

  const refresh = () => ["train", "digits"].includes(store.state.section) && !document.hidden && list();
  setInterval(refresh, INTERVAL);
  store.subscribe(["section", "stale", "run"], refresh);
  store.subscribe(["runs", "run", "compared"], follow);
  store.subscribe(["run"], () => store.set({ latest: null }));
  store.subscribe(["run", "section"], load);
}
