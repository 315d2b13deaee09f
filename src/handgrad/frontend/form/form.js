// The form for networks of tables: a field for each column, the prediction while typing, and what each column changes.

import { insideView } from "handgrad/draw/inside.js";
import { Prediction } from "handgrad/draw/prediction.js";
import { argmax, button, element, panel } from "handgrad/elements.js";
import { columnEffects, columnsOf, rawInputs } from "handgrad/form/columns.js";
import { effectsView } from "handgrad/form/effects.js";
import { field } from "handgrad/form/fields.js";

const MOST = 200; // fields, as in exports/html.py

export function mount(section, store) {
  let network = null; // the store's, if it takes a table
  let columns = [];
  let fields = [];
  let announced = true; // whether screen readers have the newest prediction

  const prediction = new Prediction((index, keep = false) => {
    store.set({ focus: index === store.state.focus && !keep ? null : index });
  });
  const effects = effectsView();
  const inside = insideView(store);
  const listeners = { onsubmit: (event) => event.preventDefault(), oninput: () => changed(false), onchange: () => changed(true) };
  const inputs = element("form", { class: "fields", "aria-labelledby": "form-title", ...listeners });
  const note = element("p", { class: "note" });
  const resets = button("Reset", () => {
    for (const each of fields) each.reset();
    changed(true);
  });

  function changed(finished) {
    if (finished) announced = false;
    store.set({ values: fields.map((each) => each.value()) });
  }

  function render({ values, focus: selected }) {
    if (!fields.length || values?.length !== fields.length) return;
    const raw = values.includes(undefined) ? null : rawInputs(network, columns, values);
    const found = raw && network.predict(raw, 1);
    const valid = found?.every(Number.isFinite) ?? false;
    const focus = selected ?? (valid && network.task !== "regression" ? argmax(found) : 0);
    prediction.empty = raw ? "The numbers are too large." : `${columns[values.indexOf(undefined)].name} needs a number.`;
    prediction.update(valid ? found : null, focus, selected);
    const text = (value) => String(value === "" ? "missing" : value).replace(/^-/, "−");
    const changes = valid ? columnEffects(network, columns, raw, focus) : [];
    const shown = changes.map((effect, k) => ({ name: columns[k].name, text: text(values[k]), effect }));
    effects.update(network, focus, shown);
    inside.update({ trace: valid ? network.forward(raw) : null, focus, name: network.classes[focus] });
    if (!announced) prediction.announce();
    announced = true;
  }

  function setNetwork({ network: next }) {
    network = next && !next.takesDrawings ? next : null;
    columns = network ? columnsOf(network) : [];
    const fits = columns.length <= MOST;
    fields = fits ? columns.map((column) => field(network, column)) : [];
    inputs.replaceChildren(...fields.map((each) => each.element));
    inside.setNetwork(fits ? network : null);
    if (!network) return form.remove();
    section.append(form);
    prediction.setNetwork(network);
    inputsPanel.hidden = effectsPanel.hidden = !fits;
    const problem = `This network takes ${columns.length} columns; a form has at most ${MOST}.`;
    if (!fits) prediction.showMessage(element("p", { class: "problem" }, problem));
    const missing = columns.some((column) => column.number !== undefined && column.names.has(""));
    note.textContent = `Reset fills in the means of the training data${missing ? "; an empty field is a missing number" : ""}.`;
    store.set({ focus: null });
    changed(false);
  }

  const head = element("div", { class: "head" }, element("h2", { id: "form-title" }, "Inputs"), resets);
  const inputsPanel = panel("form-inputs", "Inputs", head, note, inputs);
  const effectsPanel = panel("form-effects", "Effects", effects.element);
  const result = element("div", { class: "form-result" }, panel("form-answer", "Prediction", prediction.element), effectsPanel);
  const form = element("div", { class: "table-form" }, inputsPanel, result, inside.element);
  store.subscribe(["network"], setNetwork);
  store.subscribe(["values", "focus"], render);
}
