// Numbers and states of a run as text.

/** The predicate for each state of a run. */
export const STATES = {
  running: "is training",
  paused: "is paused",
  finished: "is finished",
  failed: "has failed",
  damaged: "is damaged",
};

export const ENDED = new Set(["finished", "failed", "damaged"]); // states after which no events come

/** A percentage, e.g. 97.31 %. */
export function percent(share) {
  return `${(100 * share).toFixed(2)} %`;
}

/** A loss, in three digits. */
export function loss(value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** The name of a data source, or the end of its path. */
export function sourceName(source) {
  return source.split("/").slice(-2).join("/");
}

/** A count, e.g. 10,000. */
export function count(value) {
  return value.toLocaleString("en");
}

/** A duration, e.g. 8 s, 2 min, 3.5 h. */
export function duration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))}\u00a0s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)}\u00a0min`;
  return `${(seconds / 3600).toFixed(1)}\u00a0h`;
}

/** The number of steps of a training as far as its records show; 0 where that is not known yet. */
export function totalSteps({ epochs, steps }, records) {
  return steps || (epochs ?? 0) * records.epochSteps;
}

/** The part of a training that is done, from 0 to 1. */
export function progress(training, records) {
  const total = totalSteps(training, records);
  return total && records.length ? Math.min(1, (records.last.step + 1) / total) : 0;
}

/** A record in one sentence. */
export function inWords(record, { epochs }) {
  const part = (name, value, accuracy) => {
    if (value === null) return "";
    return `${name} loss ${loss(value)}${accuracy === null ? "" : `, accuracy ${percent(accuracy)}`}`;
  };
  const parts = [part("training", record.loss, record.train_accuracy), part("validation", record.validation_loss, record.validation_accuracy)];
  return `Step ${count(record.step)}, epoch ${epochs ? `${record.epoch} of ${epochs}` : record.epoch}: ${parts.filter(Boolean).join("; ")}`;
}
