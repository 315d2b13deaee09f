// The selected run: its name, which is edited in place, its state, and what can be done with it.

import { button, element, saveFile } from "handgrad/elements.js";
import { attempt, useModel } from "handgrad/train/actions.js";
import { duration, inShort, showProgress } from "handgrad/train/format.js";

const EMPTY = "Choose a recipe and data, and press Start: the training is shown here.";
const LOST = "The connection is lost; trying again … The training continues unless the server has ended.";
const RESUMABLE = ["paused", "failed"];

/** Buttons keep the focus where they cannot be used: they are only marked as disabled. */
const enable = (control, enabled) => control.setAttribute("aria-disabled", !enabled);

/**
 * @param {any} store
 * @param {(name: string | null) => void} select
 */
export function runView(store, select) {
  const { backend } = store;
  let pending = null; // the action that the backend is carrying out
  const title = element("h2", { class: "visually-hidden" });
  const name = element("input", {
    class: "run-name",
    "aria-label": "Name of the run",
    required: true,
    pattern: "[A-Za-z0-9][A-Za-z0-9._\\-]{0,119}",
    title: "Letters, digits, ., - and _",
    autocomplete: "off",
    spellcheck: "false",
    onkeydown: onKey,
    onchange: rename,
  });
  const facts = element("p", { class: "note view-facts" });
  const pauses = button("Pause", () => act(pauses.textContent.toLowerCase()), { class: "pauses" });
  const uses = button("Use this model", () => store.state.latest && useModel(store, store.state.latest));
  const file = ({ name, bytes }) => new File([bytes], `${name}.safetensors`);
  const saves = button("Download", () => store.state.latest && saveFile(file(store.state.latest)), { class: "quiet" });
  const removes = button("Delete", remove, { class: "quiet" });
  const bar = element("progress", { max: 1, value: 0, "aria-label": "Progress" });
  const line = element("p", { class: "view-line" });

  function render() {
    const { run: selected, runs, records, latest } = store.state;
    const run = runs.find((each) => each.name === selected);
    const { state, training = {} } = run ?? {};
    title.textContent = selected ?? "No run yet";
    if (document.activeElement !== name) name.value = title.textContent;
    name.readOnly = !run || !backend.rename || state === "running";
    facts.textContent = run ? [inShort(run), ...numbers(training)].join(" · ") : "";
    pauses.textContent = RESUMABLE.includes(state) ? "Resume" : "Pause";
    enable(pauses, state === "running" || RESUMABLE.includes(state));
    for (const each of [uses, saves]) enable(each, latest);
    enable(removes, run && state !== "running");
    uses.classList.toggle("primary", state === "finished");
    const share = showProgress(bar, { state, training }, records[selected]);
    line.classList.toggle("problem", state === "failed" || state === "damaged");
    line.textContent = words(run, records[selected]?.at(-1), share);
  }

  function words(run, last, share) {
    const { run: wanted, listed, connected } = store.state;
    if (wanted && !run) return listed ? `There is no run ${wanted}. Choose another, or start one.` : "";
    if (!run) return EMPTY;
    if (!connected) return LOST;
    if (pending) return `${pending} …`;
    if (run.error) return run.state === "damaged" ? `It is damaged: ${run.error}.` : run.error;
    const epoch = last ? `epoch ${last.epoch}${run.training.epochs ? ` of ${run.training.epochs}` : ""}` : "";
    if (run.state === "paused") return `Paused${last ? ` in ${epoch}` : ""}. Resume continues after the last checkpoint.`;
    if (run.state === "finished") return `Finished in ${duration(last?.seconds ?? 0)}. Use this model to try it.`;
    if (!last) return "Starting …";
    const left = share ? `, ${Math.round(100 * share)} %, about ${duration((last.seconds * (1 - share)) / share)} left` : "";
    return `Running: ${epoch}${left || `, ${duration(last.seconds)} so far`}`;
  }

  async function act(action) {
    if (pending || pauses.ariaDisabled === "true") return;
    pending = action === "pause" ? "Pausing: saving the parameters" : "Resuming";
    render();
    await attempt(store, () => backend[action](store.state.run));
    pending = null;
    store.set({ stale: true });
  }

  async function rename() {
    const { run, runs } = store.state;
    if (name.value === run || !name.reportValidity()) return;
    const done = await attempt(store, () => backend.rename(run, name.value));
    if (!done) return render();
    store.set({ runs: runs.map((each) => (each.name === run ? { ...each, name: name.value } : each)) });
    select(name.value);
  }

  /** Delete the run after a question, and select its neighbour. */
  async function remove() {
    const { run, runs } = store.state;
    if (removes.ariaDisabled === "true" || !confirm(`Delete ${run} and its files?`)) return;
    const at = runs.findIndex((each) => each.name === run);
    if (!(await attempt(store, () => backend.remove(run)))) return;
    store.set({ runs: runs.toSpliced(at, 1) });
    select((runs[at + 1] ?? runs[at - 1])?.name ?? null);
  }

  function onKey({ key }) {
    if (key === "Escape") name.value = store.state.run;
    if (key === "Escape" || key === "Enter") name.blur();
  }

  store.subscribe(["runs", "run", "records", "connected", "latest", "listed"], render, "train");
  return [title, name, facts, element("div", { class: "row view-buttons" }, pauses, uses, saves, removes), bar, line];
}

function numbers({ epochs, steps, batch_size, learning_rate }) {
  if (!batch_size) return [];
  const length = epochs ? `${epochs} ${epochs === 1 ? "epoch" : "epochs"}` : `${steps} steps`;
  return [length, `batch size ${batch_size}`, `learning rate ${learning_rate}`];
}
