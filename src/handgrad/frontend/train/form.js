// The form of a new training: a recipe, data, and a few numbers. Only changed numbers are sent; the backend checks them.

import { element } from "handgrad/elements.js";
import { attempt } from "handgrad/train/actions.js";
import { count, duration, percent } from "handgrad/train/format.js";

/** The fields, with attributes that let the browser refuse wrong input. */
const FIELDS = {
  length: { label: "Epochs", type: "number", min: 1 },
  batch_size: { label: "Batch size", pattern: "0*[1-9][0-9]*|all", title: "A positive integer, or all" },
  learning_rate: { label: "Learning rate", type: "number", min: 1e-12, step: "any" },
  seed: { label: "Seed", type: "number", min: 0, max: Number.MAX_SAFE_INTEGER },
  hidden: { label: "Hidden units", pattern: "0*[1-9][0-9]*([, ]+0*[1-9][0-9]*)*", title: "Positive integers, separated by commas" },
};

/** A field with its label. */
export const labelled = (name, field) => element("div", { class: "form-field" }, element("label", { for: field.id }, name), field);

/**
 * @param {any} store
 * @param {(run: any) => void} started  called with the new run
 * @returns {{element: HTMLElement, open: () => Promise<boolean>}}  the form, and what lists recipes and data sets
 */
export function newTraining(store, started) {
  const { backend } = store;
  let recipes = [];
  const recipe = element("select", { id: "train-recipe", onchange: fill });
  const lesson = element("p", { class: "note form-lesson" });
  const data = element("select", { id: "train-data" });
  const start = element("button", { type: "submit", class: "primary" }, "Start");
  const fields = {};
  const parts = Object.entries(FIELDS).map(([name, { label, ...settings }]) => {
    fields[name] = element("input", { id: `train-${name}`, autocomplete: "off", spellcheck: "false", required: true, ...settings });
    return labelled(label, fields[name]);
  });

  async function open(wanted = null) {
    const sets = await backend.datasets();
    const chosen = wanted ?? data.value;
    const text = ({ name, examples }) => `${name} (${count(examples)} examples)`;
    data.replaceChildren(...sets.map((each) => element("option", { value: each.name }, text(each))));
    choose(data, chosen);
    const found = recipes.length ? [] : await backend.recipes();
    if (recipes.length) return; // listed before, or meanwhile
    recipes = found;
    const label = ({ name, accuracy, seconds }) => (accuracy ? `${name}: ${percent(accuracy)} in ${duration(seconds)}` : name);
    recipe.replaceChildren(...recipes.map((each) => element("option", { value: each.name }, label(each))));
    choose(recipe, "mlp");
    fill();
  }

  const selected = () => recipes.find(({ name }) => name === recipe.value);

  function fill() {
    const found = selected();
    const measured = found.accuracy ? ". The accuracy is that on MNIST, the time that on two cores." : "";
    lesson.textContent = found.lesson[0].toUpperCase() + found.lesson.slice(1) + measured;
    fields.length.labels[0].textContent = found.training.epochs ? "Epochs" : "Steps";
    const { epochs, steps, batch_size, learning_rate } = found.training;
    const hidden = found.dense ? found.hidden.join(", ") : "set by the recipe";
    const values = { length: epochs ?? steps, batch_size, learning_rate, seed: 0, hidden };
    for (const [name, value] of Object.entries(values)) fields[name].value = fields[name].defaultValue = String(value);
    fields.hidden.disabled = !found.dense;
    choose(data, found.data);
  }

  /** The values that differ from the recipe. */
  function changes() {
    const length = selected().training.epochs ? "epochs" : "steps";
    const changed = Object.entries(fields).filter(([, { value, defaultValue }]) => value !== defaultValue);
    return Object.fromEntries(changed.map(([name, { value }]) => [name === "length" ? length : name, parse(name, value)]));
  }

  async function onSubmit(event) {
    event.preventDefault();
    if (!recipes.length || start.ariaBusy === "true") return;
    start.ariaBusy = "true";
    await attempt(store, async () => started(await backend.start({ recipe: recipe.value, data: data.value, ...changes() })));
    start.ariaBusy = null;
  }

  /** Add files of MNIST, where the backend reads them. */
  async function add(files) {
    const addOne = async (file) => {
      const { train, test } = await backend.addFile(file);
      const counts = `${count(train)} examples for training, ${count(test)} for testing`;
      store.set({ status: train + test ? counts : `${file.name} is read; images and labels are two files, so add the other one` });
    };
    for (const file of files) if (!(await attempt(store, () => addOne(file)))) break; // its error is shown
    await attempt(store, () => open("mnist"));
  }

  const files = element("input", { id: "train-files", type: "file", multiple: true, onchange: () => add(files.files) });
  if (backend.addFile) {
    addEventListener("dragover", (event) => event.preventDefault());
    addEventListener("drop", (event) => {
      event.preventDefault();
      add(event.dataTransfer.files);
    });
  }
  const form = element("form", { class: "panel train-form", "aria-label": "New training", onsubmit: onSubmit });
  form.append(element("h2", {}, "New training"), labelled("Recipe", recipe), lesson, labelled("Data", data));
  if (backend.addFile) form.append(labelled("Files of MNIST, or drop them here", files));
  form.append(element("div", { class: "form-numbers" }, ...parts), start);
  return { element: form, open: () => attempt(store, () => open()) };
}

function choose(select, value) {
  if ([...select.options].some((option) => option.value === value)) select.value = value;
}

const parse = (name, text) => (name === "hidden" ? text.split(/[, ]+/).map(Number) : text === "all" ? text : Number(text));
