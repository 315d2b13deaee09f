// Test images, classified again by each new network; errors are framed and show the predicted class.

import { button, element, panel } from "handgrad/elements.js";
import { describe, imageButton, imageGrid } from "handgrad/image_grid.js";
import { openExample } from "handgrad/train/actions.js";
import { classify, testImages } from "handgrad/train/evaluation.js";
import { count, percent, sourceName } from "handgrad/train/format.js";

const CELLS = matchMedia("(max-width: 48rem)").matches ? 48 : 120; // images per page
const EMPTY = "Test images are classified when there is a network.";

/** Show the test images for the data of the selected run. */
export function gallery(store) {
  let source = null; // of the data
  let examples = null;
  let predictions = []; // the names of the predicted classes, as far as known
  let work = new AbortController();
  let shown = []; // the indices of the examples on this page
  let [page, busy] = [0, false];

  const onlyErrors = element("input", { type: "checkbox", onchange: () => layOut(0) });
  const classes = element("select", { "aria-label": "Class", onchange: () => layOut(0) });
  const status = element("p", { class: "note gallery-status" }, EMPTY);
  const range = element("span", { class: "note gallery-range" });
  const grid = imageGrid("Test images");
  const step = (by, label, text) => button(text, () => layOut(page + by), { class: "quiet", "aria-label": label });
  const errors = element("label", { class: "row" }, onlyErrors, "Only errors");
  const pages = element("div", { class: "row" }, step(-1, "Previous images", "←"), range, step(1, "Next images", "→"));

  const isError = (k) => predictions[k] !== undefined && predictions[k] !== examples.labels[k];

  /** Load the test images for a data source; null: none. */
  async function open(wanted) {
    if (wanted === source) return;
    source = wanted;
    examples = null;
    forget();
    if (!source) return;
    status.textContent = "Loading test images …";
    try {
      const found = await testImages(store.backend, wanted);
      if (wanted !== source) return;
      examples = found;
      classes.replaceChildren(...["", ...examples.classes].map((name) => element("option", { value: name }, name || "all classes")));
      say(`${count(examples.labels.length)} of ${examples.name}`);
      layOut();
      classifyAll();
    } catch (error) {
      if (wanted === source) status.textContent = `No test images: ${error.message}`;
    }
  }

  function forget() {
    work.abort();
    work = new AbortController();
    predictions = [];
    if (!examples) status.textContent = EMPTY;
    layOut();
  }

  /** Classify the images by the newest network, and again where there is a newer one then. */
  async function classifyAll() {
    const { latest } = store.state;
    if (busy || !latest || !examples) return;
    if (!latest.network.takesDrawings || latest.network.task !== "classification") {
      status.textContent = "This network does not classify images of 28×28.";
      return;
    }
    busy = true;
    const [{ signal }, isFirst] = [work, !predictions.length];
    const found = await classify(latest.network, examples, signal, (so) => {
      say(`classifying ${examples.name}: ${count(so.length)} of ${count(examples.labels.length)}`);
      if (!isFirst) return;
      predictions = so;
      shown.forEach(write);
    });
    busy = false;
    if (found) {
      predictions = found;
      countErrors();
      layOut();
    }
    if (!found || latest !== store.state.latest) classifyAll();
  }

  /** Count the errors, of each class, too. */
  function countErrors() {
    const { labels, name } = examples;
    const wrong = labels.filter((_, k) => isError(k));
    say(`${count(wrong.length)} errors in ${count(labels.length)} of ${name}: accuracy ${percent(1 - wrong.length / labels.length)}`);
    for (const option of classes.options) {
      if (option.value) option.textContent = `${option.value} (${wrong.filter((label) => label === option.value).length} errors)`;
    }
  }

  function say(text) {
    const note = `. ${sourceName(source)} has no test images: these are of ${examples.name}`;
    status.textContent = examples.instead ? text + note : text;
  }

  /** Show the matching examples of a page. */
  function layOut(to = page) {
    const labels = examples?.labels ?? [];
    const wanted = classes.value;
    const matching = [...labels.keys()].filter((k) => (!wanted || labels[k] === wanted) && (!onlyErrors.checked || isError(k)));
    page = Math.max(0, Math.min(to, Math.ceil(matching.length / CELLS) - 1));
    const before = String(shown);
    shown = matching.slice(page * CELLS, (page + 1) * CELLS);
    const [first, last] = [page * CELLS + 1, page * CELLS + shown.length].map(count);
    range.textContent = shown.length ? `${first}–${last} of ${count(matching.length)}` : "none";
    if (before !== String(shown) || grid.examples !== examples) grid.replaceChildren(...shown.map(cell));
    grid.examples = examples;
    shown.forEach(write);
  }

  function cell(k, position) {
    const pixels = examples.images.subarray(k * 784, (k + 1) * 784);
    const open = () => openExample(store, pixels, examples.labels[k]);
    return imageButton(pixels, open, { tabindex: position ? -1 : 0 });
  }

  function write(k, position) {
    const [image, label, prediction] = [grid.children[position], examples.labels[k], predictions[k]];
    const result = isError(k) ? `error: predicted as ${prediction}` : prediction === undefined ? "not classified yet" : "correct";
    describe(image, isError(k) ? `${label} → ${prediction}` : label, `Image ${k + 1}, labelled ${label}, ${result}`, isError(k));
  }

  store.subscribe(["runs", "run"], ({ runs, run }) => open(runs.find(({ name }) => name === run)?.data || null), "train");
  store.subscribe(["latest"], ({ latest }) => (latest ? classifyAll() : forget()), "train");
  const head = element("div", { class: "head" }, element("h2", {}, "Test images"), status);
  return panel("gallery", "Test images", head, element("div", { class: "row gallery-controls" }, errors, classes, pages), grid);
}
