// Test images for the data of a run.

import { sourceName } from "handgrad/train/format.js";

const SUBSTITUTES = ["mnist", "strokes:5000", "strokes:2000"]; // for drawn digits, which have no test images

/**
 * Load the test images for a data source, or with `anyway`, where it has none, others.
 * @returns {Promise<{name: string, images: Uint8Array, labels: string[], classes: string[], instead: boolean}>}
 */
export async function testImages(backend, source, anyway = false) {
  const names = (await backend.datasets()).map(({ name }) => name);
  const drawn = source.startsWith("digits/");
  const own = !drawn && (names.includes(source) || /^strokes(:|$)/.test(source));
  const name = own ? source : drawn || anyway ? SUBSTITUTES.find((each) => names.includes(each)) : null;
  if (!name) throw new Error(`the data of this run, ${sourceName(source) || "without a name"}, are not available`);
  return { name, instead: !own, ...(await backend.examples(name, "test", 0, 10_000)) };
}
