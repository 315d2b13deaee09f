// The Train section: start a training, watch it, and compare runs.

import { element, panel } from "handgrad/elements.js";
import { curves } from "handgrad/train/curves.js";
import { newTraining } from "handgrad/train/form.js";
import { gallery } from "handgrad/train/gallery.js";
import { runList } from "handgrad/train/run_list.js";
import { runView } from "handgrad/train/run_view.js";
import { watch } from "handgrad/train/watching.js";
import { weights } from "handgrad/train/weights.js";

export function mount(section, store) {
  store.set({ runs: [], run: null, compared: [], records: {}, connected: true, latest: null, listed: false, listProblem: null });
  /** Select a run, which the address names then; null: the newest. */
  const select = (name) => store.set({ run: name, part: name, compared: store.state.compared.filter((each) => each !== name) });
  const form = newTraining(store, (run) => {
    store.set({ status: `${run.name} has started`, runs: [run, ...store.state.runs] });
    select(run.name);
  });

  const side = element("div", { class: "train-side" }, form.element, runList(store, select));
  const view = panel("view", "Run", ...runView(store, select), curves(store));
  section.append(element("div", { class: "train" }, side, view, weights(store), gallery(store)));
  watch(store);
  store.subscribe(["section"], ({ section: shown }) => shown === "train" && form.open());
  store.subscribe(["section", "part", "run"], ({ section: shown, part, run }) => {
    if (shown === "train" && part !== run) store.set(part ? { run: part } : { part: run });
  });
}
