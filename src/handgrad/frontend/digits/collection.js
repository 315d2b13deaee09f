// The collection of drawn digits, of which one can be selected, opened in Draw and removed.

import { pixelsOf } from "handgrad/draw/strokes.js";
import { button, element, panel, saveFile } from "handgrad/elements.js";
import { describe, imageButton, imageGrid } from "handgrad/image_grid.js";
import { attempt, openExample } from "handgrad/train/actions.js";

const KEY = "handgrad.collection.name"; // survives a reload
const EMPTY = "No digits yet: draw one, and choose which digit it is.";

/**
 * Show the collection, which the store contains as {name, digits: {label, pixels}[]}.
 * @returns {{element: HTMLElement, add: (drawing: any, label: string, pixels: Uint8Array) => Promise<boolean>}}  `add` saves a digit
 */
export function collection(store) {
  const stored = store.backend.collections;
  let selected = null; // index in the collection
  let buttons = [];
  const names = element("datalist", { id: "collections" });
  const field = element("input", {
    id: "collection-name",
    list: "collections",
    required: true,
    pattern: "[A-Za-z0-9][A-Za-z0-9_\\-]{0,49}",
    title: "Letters, digits, - and _, at most 50; the first is a letter or digit",
    autocomplete: "off",
    spellcheck: "false",
    onchange: rename,
  });
  const saves = button("Download", () => attempt(store, async () => saveFile(await stored.download(store.state.collection.name))));
  const grid = imageGrid("Your digits, by class");
  const opens = button("Open in Draw", show);
  const removes = button("Remove", () => remove(selected));
  const status = element("p", { class: "note thumbnail-status" });

  function rename() {
    if (field.reportValidity()) open(field.value);
    else field.value = store.state.collection.name;
  }

  /** Load a collection, which is empty where there is none of that name. */
  function open(name = store.state.collection.name) {
    return attempt(store, async () => {
      field.value = name;
      localStorage.setItem(KEY, name);
      const [found, sets] = await Promise.all([stored.read(name), stored.list()]);
      if (name !== field.value) return; // another was opened meanwhile
      const framing = store.state.network?.framing ?? "digit";
      const digits = found.map(({ label, pixels, ...drawing }) => ({ label, pixels: pixels ?? pixelsOf(drawing, framing) }));
      names.replaceChildren(...sets.map((set) => element("option", { value: set.name }, `${set.examples} digits`)));
      store.set({ collection: { name, digits } });
    });
  }

  function add(drawing, label, pixels) {
    return attempt(store, async () => {
      await stored.add(store.state.collection.name, { ...drawing, label }, pixels);
      await open();
      const same = store.state.collection.digits.filter((digit) => digit.label === label);
      store.set({ status: `added as ${label}: ${same.length} in the collection` });
    });
  }

  function render({ collection: { name, digits } }) {
    const focused = [...grid.children].indexOf(document.activeElement);
    buttons = digits.map(({ label, pixels }, index) => {
      const image = imageButton(pixels, () => select(index === selected ? null : index));
      describe(image, label, `Digit ${index + 1}, a ${label}`);
      return image;
    });
    const byLabel = (a, b) => digits[a].label.localeCompare(digits[b].label, "en", { numeric: true });
    grid.replaceChildren(...[...digits.keys()].sort(byLabel).map((index) => buttons[index]));
    saves.disabled = !digits.length;
    status.textContent = digits.length ? `${digits.length} ${digits.length === 1 ? "digit" : "digits"} in digits/${name}` : EMPTY;
    select(selected < digits.length ? selected : null);
    if (focused >= 0) grid.children[Math.min(focused, digits.length - 1)]?.focus();
  }

  function select(index) {
    selected = index;
    buttons.forEach((each, k) => {
      each.setAttribute("aria-pressed", k === index);
      each.tabIndex = k === (index ?? 0) ? 0 : -1;
    });
    opens.hidden = removes.hidden = index === null;
  }

  function show() {
    const { label, pixels } = store.state.collection.digits[selected];
    openExample(store, pixels, label);
  }

  async function remove(index) {
    const { name, digits } = store.state.collection;
    selected = null;
    await attempt(store, async () => {
      await stored.remove(name, index);
      await open();
      store.set({ status: `removed a ${digits[index].label}` });
    });
  }

  const visible = () => store.state.section === "digits" && open(); // another tab may have changed it
  store.set({ collection: { name: localStorage.getItem(KEY) ?? "mine", digits: [] } });
  grid.addEventListener("keydown", ({ key }) => key === "Delete" && remove(buttons.indexOf(document.activeElement)));
  store.subscribe(["collection"], render);
  store.subscribe(["section", "network"], visible);
  addEventListener("focus", visible);
  const head = element("div", { class: "row" }, element("label", { for: "collection-name" }, "Name"), field, names, saves);
  const tools = element("div", { class: "row thumbnail-tools" }, status, opens, removes);
  return { element: panel("collection", "Your digits", element("h2", {}, "Your digits"), head, grid, tools), add };
}
