// The page: reads the model, mounts its sections, and shows one of them at a time.

import { App } from "handgrad/app.js";
import draw from "handgrad/draw/draw.js";
import { element } from "handgrad/elements.js";
import { architecture } from "handgrad/facts.js";
import { readModel } from "handgrad/model/network.js";

const embedded = document.getElementById("model"); // in the exported file: the model as base64, and no server
const app = new App(!embedded);
window.handgrad = app; // for the curious, and for tests
const facts = document.getElementById("facts");
const tabs = [...document.querySelectorAll("[role=tab]")];

function show(section) {
  for (const tab of tabs) {
    const chosen = tab.getAttribute("aria-controls") === section;
    tab.setAttribute("aria-selected", chosen);
    tab.tabIndex = chosen ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).hidden = !chosen;
  }
  app.dispatchEvent(new CustomEvent("section", { detail: section }));
}

/** Show what the address names: a section, and what is looked at there, as in #train/mlp-1. */
function follow() {
  const [wanted, part] = location.hash.slice(1).split("/");
  const known = app.server && tabs.some((tab) => tab.getAttribute("aria-controls") === wanted);
  app.part = known && part ? part : null;
  show(known ? wanted : "draw");
}

/** Go to a section as its link would, but leave the focus on the tab. */
function choose(event) {
  const tab = event.target.closest("[role=tab]");
  if (!tab || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (tab.getAttribute("aria-selected") === "true") return; // what is looked at there stays
  history.pushState(null, "", tab.hash);
  follow();
}

/** Arrow keys, Home and End go through the tabs, as in every tab list. */
function step(event) {
  const at = tabs.indexOf(document.activeElement);
  const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1, " ": at }[event.key];
  if (at < 0 || next === undefined) return;
  event.preventDefault();
  const tab = tabs[(next + tabs.length) % tabs.length];
  tab.focus();
  tab.click();
}

function tellFacts(...told) {
  facts.replaceChildren(...told.filter(Boolean).map((text, k) => element(k ? "span" : "b", {}, text)));
  facts.title = told.filter(Boolean).join(" · ");
}

async function tellNetwork() {
  const { network, modelName } = app;
  if (!network) return;
  const known = [modelName, architecture(network), `${network.parameterCount.toLocaleString("en")} parameters`];
  tellFacts(...known);
  const accuracy = app.server ? await runAccuracy(modelName) : embedded.dataset.accuracy;
  if (accuracy && app.network === network) tellFacts(...known, accuracy);
}

/** How many of its validation data the run of that name reads rightly, if there is such a run. */
async function runAccuracy(name) {
  const runs = await app.api("/runs").catch(() => []);
  if (!runs.some?.((run) => run.name === name)) return null;
  const { validated } = await app.api(`/runs/${encodeURIComponent(name)}`).catch(() => ({}));
  return validated ? `${(100 * validated.validation_accuracy).toFixed(1)} % of validation right` : null;
}

async function loadModel() {
  if (embedded) {
    const bytes = Uint8Array.from(atob(embedded.textContent.trim()), (character) => character.charCodeAt(0));
    return app.setNetwork(readModel(bytes.buffer), embedded.dataset.name || "model");
  }
  const [about, file] = await Promise.all([app.api("/model").catch(() => ({})), fetch("./model/file")]);
  if (file.status === 404) {
    tellFacts("no network yet");
    return app.setNetwork(null, "");
  }
  if (!file.ok) throw new Error(`the server did not give its model (${file.status})`);
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

app.addEventListener("network", tellNetwork);
const list = document.getElementById("tabs");
list.addEventListener("click", choose);
list.addEventListener("keydown", step);
list.hidden = !app.server;
window.addEventListener("popstate", follow); // back, forward, and links to a section
follow();
draw(document.getElementById("draw"), app);

try {
  await loadModel();
} catch (error) {
  tellFacts("no network");
  app.dispatchEvent(new CustomEvent("problem", { detail: error.message }));
}
if (app.server) {
  await mountSection("train", () => import("handgrad/train/train.js"));
  await mountSection("digits", () => import("handgrad/digits/digits.js"));
}
document.documentElement.dataset.ready = "yes"; // all is there: for tests, and for whoever drives the page
