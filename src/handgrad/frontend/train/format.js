// Runs, their records and their numbers as text.

/** The state of a run in words, with its error if it has one. */
export const stateOf = ({ name, state, error }) => `${name} ${state === "failed" ? "has" : "is"} ${state}${error ? `: ${error}` : ""}`;

/** A percentage, e.g. 97.31 %. */
export const percent = (share) => `${(100 * share).toFixed(2)} %`;

/** A loss, in three digits. */
export const loss = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** The name of a data source, or the end of its path. */
export const sourceName = (source) => source.split("/").slice(-2).join("/");

/** A count, e.g. 10,000. */
export const count = (value) => value.toLocaleString("en");

/** A duration, e.g. 8 s, 2 min, 3.5 h. */
export function duration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))}\u00a0s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)}\u00a0min`;
  return `${(seconds / 3600).toFixed(1)}\u00a0h`;
}

/** What distinguishes a run from others: recipe, hidden units, seed and data. */
export function inShort({ recipe, data, training: { hidden = [], seed } }) {
  const parts = [recipe, hidden.length > 0 && `${hidden.join("-")} hidden`, seed !== undefined && `seed ${seed}`, data && sourceName(data)];
  return parts.filter(Boolean).join(" · ");
}

/** The curve of one number: [step, value] of each record that has it, or of every few where there are more than 2,000. */
export function curve(records, key) {
  const points = records.filter((record) => record[key] !== null).map((record) => [record.step, record[key]]);
  const every = Math.ceil(points.length / 2000);
  return points.filter((_, k) => (points.length - 1 - k) % every === 0);
}

/** The number of steps of a training; 0 before the end of its first epoch, where only epochs are known. */
export function totalSteps({ epochs = 0, steps }, records) {
  const whole = records.filter(({ epoch, validation_loss }) => validation_loss !== null || epoch < records.at(-1).epoch);
  return steps || Math.round(epochs * whole.reduce((most, { step, epoch }) => Math.max(most, (step + 1) / epoch), 0));
}

/** Show the part of a training that is done in a progress bar, and return it; null: not known. */
export function showProgress(bar, { state, training }, records = []) {
  const total = totalSteps(training, records);
  const done = records.length && total ? Math.min(1, (records.at(-1).step + 1) / total) : null;
  const share = state === "finished" ? 1 : records.length ? done : 0;
  if (share === null) bar.removeAttribute("value");
  else bar.value = share;
  return share;
}
