// What the page asks the server to do.

import { readModel } from "handgrad/model/network.js";

/** POST, with a body as JSON if there is one; gives the answer, or throws an Error with the server's line. */
export function order(app, path, body) {
  const settings = body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return app.api(path, { method: "POST", ...settings });
}

/** Use the model of a run from now on: on the server, and in every section of the page. */
export async function use(app, run) {
  try {
    const { name } = await order(app, "/model", { run });
    const file = await fetch("./model/file", { cache: "no-cache" });
    app.setNetwork(readModel(await file.arrayBuffer()), name);
    app.say(`${name} is in use: draw something for it`);
  } catch (error) {
    app.say(error.message);
  }
}
