// What several views of runs and digits do; the message of an error is shown as the page's status.

/** Whether work succeeds. */
export async function attempt(store, work) {
  try {
    await work();
    return true;
  } catch (error) {
    store.set({ status: error.message });
    return false;
  }
}

/** Use a network in all sections; a server uses it, too. */
export function useModel(store, { name: modelName, network }) {
  return attempt(store, async () => {
    await store.backend.use?.(modelName);
    store.set({ network, modelName, status: `${modelName} is in use` });
  });
}

/** Show an example in Draw. */
export function openExample(store, pixels, label) {
  const status = `Example opened, labelled ${label}`;
  store.set({ section: "draw", part: null, pixels: Uint8Array.from(pixels), strokes: null, status });
}
