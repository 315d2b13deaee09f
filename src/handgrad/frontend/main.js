// The page: loads the model, mounts the sections, and shows one of them at a time.

import { App } from "handgrad/app.js";
import draw from "handgrad/draw/draw.js";
import { arrowTarget, element, fromBase64 } from "handgrad/elements.js";
import { architecture } from "handgrad/facts.js";
import form from "handgrad/form/form.js";
import { readModel } from "handgrad/model/network.js";

const embedded = document.getElementById("model"); // in an exported file: the model as base64, without a server
const app = new App(!embedded);
window.handgrad = app; // for the console and for tests
const facts = document.getElementById("facts");
const tabs = [...document.querySelectorAll("[role=tab]")];

function show(section) {
  for (const tab of tabs) {
    const selected = tab.getAttribute("aria-controls") === section;
    tab.setAttribute("aria-selected", selected);
    tab.tabIndex = selected ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).hidden = !selected;
  }
  app.dispatchEvent(new CustomEvent("section", { detail: section }));
}

/** Show the section, and the part of it, that the address names, e.g. #train/mlp-1. */
function followAddress() {
  const [section, part] = location.hash.slice(1).split("/");
  const known = app.server && tabs.some((tab) => tab.getAttribute("aria-controls") === section);
  app.part = known && part ? part : null;
  show(known ? section : "draw");
}

/** Open a section as its link would, but leave the focus on the tab. */
function onTabClick(event) {
  const tab = event.target.closest("[role=tab]");
  if (!tab || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (tab.getAttribute("aria-selected") === "true") return;
  history.pushState(null, "", tab.hash);
  followAddress();
}

function onTabKey(event) {
  const at = tabs.indexOf(document.activeElement);
  const target = event.key === " " ? at : arrowTarget(event, at, tabs.length);
  if (at < 0 || target === undefined) return;
  event.preventDefault();
  const tab = tabs[(target + tabs.length) % tabs.length];
  tab.focus();
  tab.click();
}

function showFacts(...texts) {
  facts.replaceChildren(...texts.map((text, k) => element(k ? "span" : "b", {}, text)));
  facts.title = texts.join(" · ");
}

async function showNetwork() {
  const { network, modelName } = app;
  document.getElementById("tab-draw").textContent = network?.takesDrawings === false ? "Predict" : "Draw";
  if (!network) return;
  const texts = [modelName, architecture(network), `${network.parameterCount.toLocaleString("en")} parameters`].filter(Boolean);
  showFacts(...texts);
  const validation = app.server ? await validated(modelName) : embedded.dataset.accuracy;
  if (validation && app.network === network) showFacts(...texts, validation);
}

/** The validation accuracy, or else loss, of the run of that name, or null where there is none. */
async function validated(name) {
  const runs = await app.api("/runs").catch(() => []);
  if (!runs.some?.((run) => run.name === name)) return null;
  const { validated: record } = await app.api(`/runs/${encodeURIComponent(name)}`).catch(() => ({}));
  if (!record) return null;
  const accuracy = record.validation_accuracy;
  return accuracy === null ? `validation loss ${record.validation_loss.toPrecision(3)}` : `validation accuracy ${(100 * accuracy).toFixed(1)} %`;
}

async function loadModel() {
  if (embedded) return app.setNetwork(readModel(fromBase64(embedded.textContent.trim()).buffer), embedded.dataset.name || "model");
  const [about, file] = await Promise.all([app.api("/model").catch(() => ({})), fetch("./model/file")]);
  if (file.status === 404) {
    showFacts("no network yet");
    return app.setNetwork(null, "");
  }
  if (!file.ok) throw new Error(`the server did not send its model (${file.status})`);
  app.setNetwork(readModel(await file.arrayBuffer()), about.name || "model");
}

async function mountSection(name, load) {
  const section = document.getElementById(name);
  try {
    (await load()).default(section, app);
  } catch (error) {
    section.replaceChildren(element("p", { class: "problem" }, `This section could not be opened: ${error.message}`));
  }
}

app.addEventListener("network", showNetwork);
const list = document.getElementById("tabs");
list.addEventListener("click", onTabClick);
list.addEventListener("keydown", onTabKey);
list.hidden = !app.server;
window.addEventListener("popstate", followAddress);
followAddress();
for (const mount of [draw, form]) mount(document.getElementById("draw"), app);

try {
  await loadModel();
} catch (error) {
  showFacts("no network");
  app.dispatchEvent(new CustomEvent("problem", { detail: error.message }));
}
if (app.server) {
  await mountSection("train", () => import("handgrad/train/train.js"));
  await mountSection("digits", () => import("handgrad/digits/digits.js"));
}
document.documentElement.dataset.ready = "yes"; // awaited by tests
