// The page: loads the model, mounts the sections, and shows the one that the address names.

import { PageBackend } from "handgrad/backend/page.js";
import { serverBackend } from "handgrad/backend/server.js";
import { mount as mountDraw, NO_NETWORK } from "handgrad/draw/draw.js";
import { pixelsOf } from "handgrad/draw/strokes.js";
import { element, fromBase64 } from "handgrad/elements.js";
import { architecture } from "handgrad/facts.js";
import { mount as mountForm } from "handgrad/form/form.js";
import { kernelBytes } from "handgrad/kernel_bytes.js";
import { startKernels } from "handgrad/model/kernels.js";
import { readModel } from "handgrad/model/network.js";
import { Store } from "handgrad/store.js";

const SECTIONS = {
  steps: () => import("handgrad/steps/steps.js"),
  train: () => import("handgrad/train/train.js"),
  digits: () => import("handgrad/digits/digits.js"),
};

const embedded = document.getElementById("model"); // in an exported file: the model as base64, without a server
const store = new Store({ section: "draw", part: null, network: null, modelName: "", facts: [], problem: null, status: "" });
const navigation = document.getElementById("tabs");
/** @type {any[]} */
const tabs = [...navigation.children];
let fading = 0;

Object.assign(window, { handgrad: store }); // for the console and for tests
const inUse = () => store.state.network;
store.backend = embedded ? new PageBackend(inUse, (drawing) => pixelsOf(drawing, inUse().framing)) : serverBackend;

/** Show the section, and the part of it, that the address names, e.g. #train/mlp-1. */
function followAddress() {
  const decoded = (text) => new URLSearchParams(`text=${text}`).get("text"); // as decodeURIComponent, but never fails
  const [section, part] = location.hash.slice(1).split("/").map(decoded);
  const known = tabs.some((tab) => !tab.hidden && tab.hash === `#${section}`);
  store.set(known ? { section, part: part || null } : { section: "draw", part: null });
}

function writeAddress({ section, part }) {
  const address = `#${section}${part ? `/${encodeURIComponent(part)}` : ""}`;
  const current = location.hash || "#draw";
  if (address === current) return;
  const refines = address.startsWith(`${current}/`); // the first part of a section is no step for Back
  history[refines ? "replaceState" : "pushState"](null, "", address);
}

function showSection({ section }) {
  for (const tab of tabs) {
    const id = tab.hash.slice(1);
    tab.ariaCurrent = id === section ? "page" : null;
    document.getElementById(id).hidden = id !== section;
  }
}

/** Show one line, which screen readers announce, for a while. */
function showStatus({ status }) {
  const line = document.getElementById("status");
  line.textContent = status;
  line.classList.remove("over");
  clearTimeout(fading);
  fading = setTimeout(() => line.classList.add("over"), 6000);
}

function showFacts({ network, modelName, facts }) {
  document.getElementById("tab-draw").textContent = network?.takesDrawings === false ? "Predict" : "Draw";
  const texts = [modelName, ...facts].filter(Boolean);
  const line = document.getElementById("facts");
  line.replaceChildren(...texts.map((text, k) => element(k ? "span" : "b", {}, text)));
  line.title = texts.join(" · ");
}

/** Show the size of the network, and the validation accuracy, or else loss, of its run, where there is one. */
async function describe({ network, modelName }) {
  if (!network) return;
  const facts = [architecture(network), `${network.parameterCount.toLocaleString("en")} parameters`];
  store.set({ facts });
  const inThisPage = async () => (await store.backend.runs()).find(({ name }) => name === modelName)?.last;
  const record = await (embedded ? inThisPage() : store.backend.validated(modelName)).catch(() => null);
  const accuracy = record?.validation_accuracy ?? null;
  const loss = record?.validation_loss == null ? "" : `validation loss ${record.validation_loss.toPrecision(3)}`;
  const measured = accuracy === null ? loss : `validation accuracy ${(100 * accuracy).toFixed(1)} %`;
  if (store.state.network === network) store.set({ facts: [...facts, measured || embedded?.dataset.accuracy] });
}

async function loadModel() {
  const embeddedModel = () => ({ bytes: fromBase64(embedded.textContent.trim()).buffer, name: embedded.dataset.name || "model" });
  const found = embedded ? embeddedModel() : await store.backend.current();
  if (!found) throw new Error(NO_NETWORK);
  store.set({ network: readModel(found.bytes), modelName: found.name });
}

/** Mount a section, or hide its tab where this page does not have it. */
async function mountSection(name) {
  const section = document.getElementById(name);
  try {
    (await SECTIONS[name]()).mount(section, store);
  } catch (error) {
    document.getElementById(`tab-${name}`).hidden = true;
    section.replaceChildren(element("p", { class: "problem" }, `This section could not be opened: ${error.message}`));
  }
}

/** @param {any} event  the link of the section that is shown is not a step for Back */
const onClick = (event) => event.target.hash === `#${store.state.section}` && event.preventDefault();
navigation.addEventListener("click", onClick);
followAddress();
store.subscribe(["section"], showSection);
store.subscribe(["section", "part"], writeAddress);
store.subscribe(["status"], showStatus);
store.subscribe(["network", "modelName", "facts"], showFacts);
store.subscribe(["network"], describe);
window.addEventListener("popstate", followAddress);
for (const mount of [mountDraw, mountForm]) mount(document.getElementById("draw"), store);

try {
  await startKernels(await kernelBytes());
  store.set({ kernels: true });
  await loadModel();
} catch (error) {
  store.set({ facts: [error.message === NO_NETWORK ? NO_NETWORK : "no network"], problem: error.message });
}
const missing = embedded && !store.state.network?.takesDrawings ? ["train", "digits"] : []; // the worker trains on images
for (const name of missing) document.getElementById(`tab-${name}`).hidden = true;
await Promise.all(Object.keys(SECTIONS).map((name) => missing.includes(name) || mountSection(name)));
navigation.hidden = tabs.filter((tab) => !tab.hidden).length < 2;
followAddress(); // again: it may name a section that is not here
document.documentElement.dataset.ready = "yes"; // awaited by tests
