// Fine-tuning: trains the network in use further on the collection, as a run like any other, and compares both networks.

import { comparison } from "handgrad/digits/comparison.js";
import { button, element } from "handgrad/elements.js";
import { readModel } from "handgrad/model/network.js";
import { attempt, useModel } from "handgrad/train/actions.js";
import { labelled } from "handgrad/train/form.js";
import { showProgress, stateOf } from "handgrad/train/format.js";

const WAITING = {
  running: "is training on your digits …",
  paused: "is paused. Resume it in Train; the comparison follows when it is finished.",
  failed: "has failed: there is nothing to compare.",
  damaged: "is damaged: there is nothing to compare.",
}; // shown in place of a comparison, by state
const DEFAULTS = { epochs: 10, learning_rate: 0.0003, batch_size: 8 }; // few small steps, to forget little

/** @returns {HTMLElement[]}  the form and the comparison */
export function fineTuning(store) {
  const compared = comparison(store);
  let run = null; // {name, before: {name, network}, state}
  let after = null; // {name, network}
  const number = { type: "number", required: true, autocomplete: "off" };
  const epochs = element("input", { id: "tune-epochs", ...number, min: 1, value: DEFAULTS.epochs });
  const rate = element("input", { id: "tune-rate", ...number, min: 1e-12, step: "any", value: DEFAULTS.learning_rate });
  const starts = element("button", { type: "submit", class: "primary" }, "Fine-tune");
  const uses = button("Use this model", () => useModel(store, after), { hidden: true });
  const link = element("a", { href: "#train", hidden: true }, "Open in Train");
  const bar = element("progress", { max: 1, value: 0, "aria-label": "Progress of fine-tuning" });
  const line = element("p", { class: "tuning-line", role: "status" });
  const note = element("p", { class: "note tuning-note" });

  async function start(event) {
    event.preventDefault();
    if (starts.ariaBusy === "true") return;
    starts.ariaBusy = "true";
    const { network, modelName, collection, runs } = store.state;
    const numbers = { ...DEFAULTS, epochs: Number(epochs.value), learning_rate: Number(rate.value) };
    await attempt(store, async () => {
      const started = await store.backend.start({ start: true, data: `digits/${collection.name}`, ...numbers });
      run = { name: started.name, before: { name: modelName, network }, state: null };
      after = null;
      link.href = `#train/${run.name}`;
      link.hidden = false;
      store.set({ runs: [started, ...runs], run: run.name });
    });
    starts.ariaBusy = null;
  }

  function render({ runs, records, connected }) {
    const found = run && runs.find(({ name }) => name === run.name);
    uses.hidden = !after;
    if (!found) return;
    const { name, state } = found;
    showProgress(bar, found, state === "failed" ? [] : records[name]);
    const text = connected ? stateOf(found) : "The connection is lost; trying again …";
    if (line.textContent !== text) line.textContent = text; // screen readers announce each assignment
    if (state === run.state) return;
    run.state = state;
    if (WAITING[state]) compared.say(`${name} ${WAITING[state]}`);
    else compare(run);
  }

  async function compare({ name, before }) {
    try {
      after = { name, network: readModel(await store.backend.model(name)) };
      uses.hidden = false;
      await compared.show(before, after, store.state.collection.digits);
    } catch (error) {
      compared.say(error.message);
    }
  }

  store.subscribe(["runs", "records", "connected"], render);
  store.subscribe(["network", "modelName", "collection"], ({ network, modelName, collection }) => {
    const what = `Train ${modelName} further on your digits, from its current parameters.`;
    note.textContent = network ? what : "There is no network yet: train one first, in Train.";
    starts.disabled = !network?.takesDrawings || !collection.digits.length;
  });
  const fields = element("div", { class: "form-numbers" }, labelled("Epochs", epochs), labelled("Learning rate", rate));
  const form = element("form", { class: "panel tuning", "aria-label": "Fine-tune", onsubmit: start }, element("h2", {}, "Fine-tune"));
  form.append(note, fields, element("div", { class: "row" }, starts, uses, link), bar, line);
  return [form, compared.element];
}
