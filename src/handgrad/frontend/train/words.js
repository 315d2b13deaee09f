// Numbers and states of a training in words.

/** Of each state what is said of a run. */
export const SAID = {
  running: "is training",
  paused: "is paused",
  interrupted: "was interrupted",
  finished: "is finished",
  failed: "has failed",
  stopped: "is stopped",
  damaged: "is damaged",
};

export const ENDED = new Set(["finished", "failed", "stopped", "damaged"]); // after these no more events come

/** Such as 97.31 %. */
export function percent(share) {
  return `${(100 * share).toFixed(2)} %`;
}

/** A loss, in three digits. */
export function loss(value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** Data by their name, or, where that is a path, by its end. */
export function sourceName(source) {
  return source.split("/").slice(-2).join("/");
}

/** A count, such as 10,000. */
export function count(value) {
  return value.toLocaleString("en");
}

/** Such as 8 s, 2 min, 3.5 h. */
export function duration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))}\u00a0s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)}\u00a0min`;
  return `${(seconds / 3600).toFixed(1)}\u00a0h`;
}

/** The steps that a training will have, by what its records tell; 0 where that is not known yet. */
export function length({ epochs, steps }, records) {
  return steps || (epochs ?? 0) * records.epochSteps;
}

/** How much of a training is done, from 0 to 1. */
export function done(training, records) {
  const whole = length(training, records);
  return whole && records.length ? Math.min(1, (records.last.step + 1) / whole) : 0;
}

/** A record in one sentence. */
export function inWords(record, { epochs }) {
  const epoch = epochs ? `${record.epoch} of ${epochs}` : record.epoch;
  const training = `training loss ${loss(record.loss)}, ${percent(record.train_accuracy)} right`;
  const validated = record.validation_loss !== null;
  const validation = validated ? `; validation loss ${loss(record.validation_loss)}, ${percent(record.validation_accuracy)} right` : "";
  return `Step ${count(record.step)}, epoch ${epoch}: ${training}${validation}`;
}
