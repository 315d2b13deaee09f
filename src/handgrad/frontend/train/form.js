// The form of a new training: a recipe, data, and a few numbers. Only changed numbers are sent; the backend checks them.

import { element } from "handgrad/elements.js";
import { count, duration, percent } from "handgrad/train/format.js";

/** The fields, with attributes that let the browser refuse wrong input. */
const FIELDS = {
  length: { label: "Epochs", type: "number", min: 1 },
  batch_size: { label: "Batch size", pattern: "[0-9]+|all", title: "An integer, or all" },
  learning_rate: { label: "Learning rate", type: "number", min: 0, step: "any" },
  seed: { label: "Seed", type: "number", min: 0, max: Number.MAX_SAFE_INTEGER },
  hidden: { label: "Hidden units", pattern: "[0-9]+([, ]+[0-9]+)*", title: "Integers, separated by commas" },
};

/** A field with its label. */
export function labelled(name, field) {
  return element("div", { class: "form-field" }, element("label", { for: field.id }, name), field);
}

/**
 * @param {any} backend
 * @param {(run: any) => void} started  called with the new run
 * @returns {{element: HTMLElement, open: () => Promise<void>}}  the form, and what lists recipes and data sets
 */
export function newTraining(backend, started) {
  let recipes = [];
  const recipe = element("select", { id: "train-recipe", onchange: fill });
  const lesson = element("p", { class: "note form-lesson" });
  const data = element("select", { id: "train-data" });
  const line = element("p", { class: "form-line", role: "status" });
  const start = element("button", { type: "submit", class: "primary" }, "Start");
  const fields = {};
  const parts = Object.entries(FIELDS).map(([name, { label, ...settings }]) => {
    fields[name] = element("input", { id: `train-${name}`, autocomplete: "off", spellcheck: "false", required: true, ...settings });
    return labelled(label, fields[name]);
  });

  async function open(chosen = data.value) {
    const found = await attempt(() => Promise.all([backend.recipes(), backend.datasets()]));
    if (!found) return;
    const sets = found[1].map(({ name, examples }) => element("option", { value: name }, `${name} (${count(examples)} examples)`));
    data.replaceChildren(...sets);
    choose(data, chosen);
    if (recipes.length) return;
    recipes = found[0];
    const text = ({ name, accuracy, seconds }) => (accuracy ? `${name}: ${percent(accuracy)} in ${duration(seconds)}` : name);
    recipe.replaceChildren(...recipes.map((each) => element("option", { value: each.name }, text(each))));
    choose(recipe, "mlp");
    fill();
  }

  /** The recipe's values as texts. */
  function defaults() {
    const { training, hidden } = selected();
    const { epochs, steps, batch_size, learning_rate } = training;
    const values = { length: epochs ?? steps, batch_size, learning_rate, seed: 0, hidden: hidden.join(", ") };
    return Object.entries(values).map(([name, value]) => [name, String(value)]);
  }

  function selected() {
    return recipes.find(({ name }) => name === recipe.value);
  }

  function fill() {
    const found = selected();
    const measured = found.accuracy ? ". The accuracy is that on MNIST, the time that on two cores." : "";
    lesson.textContent = found.lesson[0].toUpperCase() + found.lesson.slice(1) + measured;
    fields.length.labels[0].textContent = found.training.epochs ? "Epochs" : "Steps";
    for (const [name, value] of defaults()) fields[name].value = value;
    fields.hidden.disabled = !found.dense;
    if (!found.dense) fields.hidden.value = "set by the recipe";
    choose(data, found.data);
    line.textContent = "";
  }

  /** The values that differ from the recipe. */
  function changes() {
    const length = selected().training.epochs ? "epochs" : "steps";
    const changed = defaults().filter(([name, value]) => !fields[name].disabled && fields[name].value !== value);
    return Object.fromEntries(changed.map(([name]) => [name === "length" ? length : name, parse(name, fields[name].value)]));
  }

  /** The result of work, which is carried out once at a time; null after an error, whose message is shown. */
  async function attempt(work) {
    line.textContent = "";
    start.ariaBusy = "true";
    try {
      return await work();
    } catch (error) {
      line.textContent = error.message;
      return null;
    } finally {
      start.ariaBusy = null;
    }
  }

  async function onSubmit(event) {
    event.preventDefault();
    if (!recipes.length || start.ariaBusy === "true") return;
    const run = await attempt(() => backend.start({ recipe: recipe.value, data: data.value, ...changes() }));
    if (run) started(run);
  }

  /** Add files of MNIST, where the backend reads them. */
  async function add(files) {
    let text = "";
    for (const file of files) {
      const found = await attempt(() => backend.addFile(file));
      text = found ? `${count(found.train)} examples for training, ${count(found.test)} for testing` : line.textContent;
    }
    await open("mnist");
    line.textContent = text;
  }

  const files = element("input", { id: "train-files", type: "file", multiple: true, onchange: () => add(files.files) });
  const settings = { class: "panel train-form", "aria-label": "New training", onsubmit: onSubmit };
  if (backend.addFile) {
    addEventListener("dragover", (event) => event.preventDefault());
    addEventListener("drop", (event) => {
      event.preventDefault();
      add(event.dataTransfer.files);
    });
  }
  const form = element(
    "form",
    settings,
    element("h2", {}, "New training"),
    labelled("Recipe", recipe),
    lesson,
    labelled("Data", data),
    backend.addFile ? labelled("Files of MNIST, or drop them here", files) : null,
    element("div", { class: "form-numbers" }, ...parts),
    start,
    line,
  );
  return { element: form, open };
}

function choose(select, value) {
  if ([...select.options].some((option) => option.value === value)) select.value = value;
}

function parse(name, text) {
  return name === "hidden" ? text.split(/[, ]+/).map(Number) : text === "all" ? text : Number(text);
}
