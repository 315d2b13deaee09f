// What to train: a recipe, data, and the few numbers that one may change. Only what was changed is sent.

import { element } from "handgrad/elements.js";
import { order } from "handgrad/train/orders.js";

const QUICK = { name: "strokes:2000", examples: 2000 }; // which the server writes itself, in a moment

/** Of each number how it is read from what was typed; throws an Error with what it must be. */
const READ = {
  epochs: (text) => whole(text, 1, 100_000),
  steps: (text) => whole(text, 1, 10_000_000),
  batch_size: (text) => (text === "all" ? text : whole(text, 1, 1_000_000, " or all")),
  learning_rate: (text) => positive(text),
  hidden: (text) => text.split(/[\s,]+/).map((width) => whole(width, 1, 4096, ", separated by commas")),
  seed: (text) => whole(text, 0, Number.MAX_SAFE_INTEGER),
};

export class Form {
  #recipes = [];

  /**
   * @param app
   * @param started  called with the name of a run that was begun
   */
  constructor(app, started) {
    this.app = app;
    this.started = started;
    this.recipe = element("select", { id: "train-recipe", onchange: () => this.#fill() });
    this.lesson = element("p", { class: "note form-lesson" });
    this.data = element("select", { id: "train-data" });
    this.fields = {};
    for (const name of ["length", "batch_size", "learning_rate", "hidden", "seed"]) {
      this.fields[name] = element("input", { id: `train-${name}`, autocomplete: "off", spellcheck: "false", inputmode: name === "batch_size" || name === "hidden" ? null : "decimal" });
    }
    this.lengthName = element("span", {}, "Epochs");
    this.line = element("p", { class: "form-line", id: "train-line", role: "status" });
    this.button = element("button", { type: "submit", class: "primary" }, "Start");
    this.element = element(
      "form",
      { class: "panel train-form", "aria-label": "New training", novalidate: true, onsubmit: (event) => this.#submit(event) },
      element("h2", {}, "New training"),
      labelled("Recipe", this.recipe),
      this.lesson,
      labelled("Data", this.data),
      element(
        "div",
        { class: "form-numbers" },
        labelled(this.lengthName, this.fields.length),
        labelled("Batch size", this.fields.batch_size),
        labelled("Learning rate", this.fields.learning_rate),
        labelled("Seed", this.fields.seed),
      ),
      labelled("Hidden units", this.fields.hidden),
      this.button,
      this.line,
    );
  }

  /** Ask what there is to choose. */
  async open() {
    try {
      const [recipes, sets] = await Promise.all([this.app.api("/recipes"), this.app.api("/data")]);
      const data = this.data.value;
      this.data.replaceChildren(...[...sets, QUICK].map(({ name, examples }) => element("option", { value: name }, `${name} (${examples.toLocaleString("en")})`)));
      if (data) this.data.value = data;
      if (this.#recipes.length) return;
      this.#recipes = recipes;
      this.recipe.replaceChildren(...recipes.map(({ name }) => element("option", { value: name }, name)));
      if (recipes.some(({ name }) => name === "mlp")) this.recipe.value = "mlp";
      this.#fill();
    } catch (error) {
      this.#tell(error.message);
    }
  }

  get #chosen() {
    return this.#recipes.find(({ name }) => name === this.recipe.value);
  }

  /** What the recipe itself says. */
  get #own() {
    const { training, hidden } = this.#chosen;
    const length = training.epochs ?? training.steps;
    return { length, batch_size: training.batch_size, learning_rate: training.learning_rate, hidden: hidden.join(", "), seed: 0 };
  }

  #fill() {
    const { lesson, training, dense, data } = this.#chosen;
    this.lesson.textContent = lesson;
    this.lengthName.textContent = training.epochs ? "Epochs" : "Steps";
    for (const [name, value] of Object.entries(this.#own)) this.fields[name].value = value;
    this.fields.hidden.disabled = !dense;
    if (!dense) this.fields.hidden.value = "as the recipe says";
    if ([...this.data.options].some((option) => option.value === data)) this.data.value = data;
    this.#tell("");
  }

  #tell(text, field = null) {
    this.line.textContent = text;
    for (const each of Object.values(this.fields)) {
      each.toggleAttribute("aria-invalid", each === field);
      if (each === field) each.setAttribute("aria-invalid", "true");
      if (each === field) each.setAttribute("aria-describedby", "train-line");
      else each.removeAttribute("aria-describedby");
    }
    field?.focus();
  }

  /** What was changed of the recipe, or null where something typed is no such number. */
  #changes() {
    const changes = {};
    for (const [name, value] of Object.entries(this.#own)) {
      const field = this.fields[name];
      const typed = field.value.trim();
      if (field.disabled || typed === String(value)) continue;
      try {
        const key = name === "length" ? this.lengthName.textContent.toLowerCase() : name;
        changes[key] = READ[key](typed);
      } catch (error) {
        this.#tell(`${field.labels[0].textContent}: ${error.message}`, field);
        return null;
      }
    }
    return changes;
  }

  async #submit(event) {
    event.preventDefault();
    if (!this.#recipes.length) return this.open();
    const changes = this.#changes();
    if (!changes || this.button.ariaBusy === "true") return;
    this.#tell("");
    this.button.ariaBusy = "true";
    try {
      const { name } = await order(this.app, "/runs", { recipe: this.recipe.value, data: this.data.value, ...changes });
      this.started(name);
    } catch (error) {
      this.#tell(error.message);
    }
    this.button.ariaBusy = null;
  }
}

function labelled(name, field) {
  return element("div", { class: "form-field" }, element("label", { for: field.id }, name), field);
}

function whole(text, least, most, more = "") {
  const value = Number(text);
  if (text !== "" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`a whole number from ${least.toLocaleString("en")} to ${most.toLocaleString("en")}${more}; not “${text}”`);
}

function positive(text) {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new Error(`a number above 0; not “${text}”`);
}
