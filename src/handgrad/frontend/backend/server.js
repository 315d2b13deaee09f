// The backend of a page with a server: requests to `handgrad serve`. backend/page.js has the same interface.

import { follow } from "handgrad/backend/events.js";
import { fromBase64 } from "handgrad/elements.js";

const DRAWN = "digits/"; // data sets of drawn digits; they have training examples only
const QUICK = { name: "strokes:2000", examples: 2000 }; // generated in a moment
const isImage = (shape) => shape.reduce((a, b) => a * b) === 784;
let latest = { tag: null, bytes: null }; // the last model

/** Send a request, with a JSON body if there is one; an Error has the server's message. */
async function request(path, body = undefined, method = body ? "POST" : "GET") {
  const json = body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(`.${path}`, { method, cache: "no-cache", ...json }).catch(() => {
    throw new Error("the server does not answer: is handgrad serve still running?");
  });
  if (response.ok) return response;
  const { detail } = await response.json().catch(() => ({}));
  const line = typeof detail === "string" ? detail : `the server refused ${path} (${response.status})`;
  throw Object.assign(new Error(line), { status: response.status });
}

const get = async (path) => (await request(path)).json();
const pathOf = (name) => `/runs/${encodeURIComponent(name)}`;

export const serverBackend = {
  recipes: () => get("/recipes"),
  runs: () => get("/runs"),
  start: async ({ start, ...wanted }) => (await request("/runs", start ? { ...wanted, from: "model" } : wanted)).json(),
  follow: (name, handlers) => follow(`.${pathOf(name)}/events`, handlers),
  pause: (name) => request(`${pathOf(name)}/pause`, undefined, "POST"),
  resume: (name) => request(`${pathOf(name)}/resume`, undefined, "POST"),
  rename: (name, newName) => request(`${pathOf(name)}/rename`, { name: newName }),
  remove: (name) => request(pathOf(name), undefined, "DELETE"),
  use: (name) => request("/model", { run: name }),

  /** The data sets of images. */
  async datasets() {
    return [...(await get("/data")).filter(({ input_shape: shape }) => isImage(shape)), QUICK];
  },

  /** Examples of a split: {images: bytes, labels: names of classes, classes, total}. */
  async examples(name, split, start, count) {
    const part = name.startsWith(DRAWN) ? "train" : split;
    const found = await get(`/data/examples?${new URLSearchParams({ name, split: part, offset: start, limit: count })}`);
    const { inputs, labels, classes, total, dtype, input_shape: shape } = found;
    if (dtype !== "uint8" || !isImage(shape)) throw new Error(`${name} does not consist of grey images of 28×28`);
    return { images: fromBase64(inputs), labels: labels.map((label) => classes[label] ?? String(label)), classes, total };
  },

  /** The latest parameters of a run as a model file, the same object while they have not changed; null: none yet. */
  async model(name) {
    const response = await request(`${pathOf(name)}/model`);
    if (response.status === 204) return null;
    const tag = response.headers.get("ETag");
    if (tag !== latest.tag) latest = { tag, bytes: await response.arrayBuffer() };
    return latest.bytes;
  },

  /** The model in use: {name, bytes}; null: none. */
  async current() {
    try {
      const [{ name }, file] = await Promise.all([get("/model"), request("/model/file")]);
      return { name, bytes: await file.arrayBuffer() };
    } catch (error) {
      if (error.status === 404) return null;
      throw error;
    }
  },

  /** The record in which the parameters of a run were validated; null: unknown, or there is no such run. */
  async validated(name) {
    return (await get("/runs")).some((run) => run.name === name) ? (await get(pathOf(name))).validated : null;
  },

  collections: {
    add: (name, { label }, pixels) => request("/digits", { name, inputs: [[...pixels]], labels: [label] }),
    remove: (name, index) => request(`/digits/${name}/${index}`, undefined, "DELETE"),
    download: async (name) => new File([await (await request(`/digits/${name}`)).blob()], `${name}.npz`),

    async list() {
      const drawn = (await get("/data")).filter(({ name }) => name.startsWith(DRAWN));
      return drawn.map(({ name, examples }) => ({ name: name.slice(DRAWN.length), examples }));
    },

    /** The digits of a collection, each {label, pixels}. */
    async read(name) {
      if (!(await this.list()).some((each) => each.name === name)) return [];
      const { images, labels } = await serverBackend.examples(DRAWN + name, "train", 0, 10_000);
      return labels.map((label, k) => ({ label, pixels: images.slice(784 * k, 784 * (k + 1)) }));
    },
  },
};
