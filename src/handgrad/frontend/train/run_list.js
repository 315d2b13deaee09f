// The list of runs: select one to watch it, and tick others to lay their curves over its own.

import { button, element, panel } from "handgrad/elements.js";
import { inShort, percent } from "handgrad/train/format.js";

const MOST = 5; // of --curve in style.css, without the selected one's

/** The colour of the curves of a run, the index of a --curve token; -1: they are not shown. */
export const colourOf = ({ run, compared }, name) => [run, ...compared].indexOf(name);

/**
 * @param {any} store
 * @param {(name: string) => void} select
 */
export function runList(store, select) {
  const rows = new Map(); // name -> elements
  const list = element("ul", { class: "runs-list" });
  const note = element("p", { class: "note" });

  /** Show or hide the curves of a run; those of the selected one are always shown. */
  function toggle(name) {
    const { run, compared } = store.state;
    const others = compared.filter((each) => each !== name);
    store.set({ compared: compared.includes(name) || name === run ? others : [...others, name].slice(-MOST) });
  }

  function addRow(name) {
    const tick = element("input", { type: "checkbox", "aria-label": `Compare ${name}`, onchange: () => toggle(name) });
    const [result, facts] = ["result", "facts"].map((part) => element("span", { class: `run-${part}` }));
    const row = button(element("b", {}, name), () => select(name), { class: "run" });
    row.append(result, facts);
    rows.set(name, { item: element("li", {}, tick, row), tick, row, result, facts });
  }

  function render({ runs, run: selected, compared, listProblem }) {
    note.hidden = !listProblem && runs.length > 0;
    note.textContent = listProblem ?? "No runs yet.";
    for (const [name, { item }] of rows) {
      if (runs.some((run) => run.name === name)) continue;
      item.remove();
      rows.delete(name);
    }
    runs.forEach((run, index) => {
      if (!rows.has(run.name)) addRow(run.name);
      const { item, tick, row, result, facts } = rows.get(run.name);
      const accuracy = run.last?.validation_accuracy ?? run.last?.train_accuracy;
      const colour = colourOf({ run: selected, compared }, run.name);
      tick.checked = colour >= 0;
      item.style.setProperty("--run-colour", colour < 0 ? "var(--edge)" : `var(--curve-${colour})`);
      row.setAttribute("aria-pressed", run.name === selected);
      row.title = run.error ?? "";
      result.textContent = [run.state !== "finished" && run.state, accuracy != null && percent(accuracy)].filter(Boolean).join(" · ");
      result.className = `run-result ${run.state}`;
      facts.textContent = inShort(run);
      if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
    });
  }

  store.subscribe(["runs", "run", "compared", "listProblem"], render);
  return panel("runs", "Runs", element("h2", {}, "Runs"), note, list);
}
