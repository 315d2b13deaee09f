// Training of a network in the page: shuffled batches, forward, loss, backward, a step of AdamW.

import { Passes } from "handgrad/model/passes.js";
import { size } from "handgrad/model/shapes.js";
import { Random } from "handgrad/worker/random.js";

const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];
const EVALUATED = 256; // examples that are evaluated at a time
const halfCosine = (x) => (1 + Math.cos(Math.PI * x)) / 2;

/** The factor of the learning rate at a share of the training: OneCycle of training/schedules/cosine.py. */
const oneCycle = (share) => (share < 0.3 ? 1 - 0.96 * halfCosine(share / 0.3) : halfCosine((share - 0.3) / 0.7));

/**
 * @typedef {{inputs: Uint8Array, labels: Uint8Array}} Examples  images (N, 784), and classes (N)
 * @typedef {{epochs: number, batch_size: number, learning_rate: number, weight_decay: number, seed: number}} Settings
 */
export class Training {
  step = 0;
  #seconds = 0; // of training and evaluation, without pauses

  /**
   * @param {import("handgrad/model/network.js").Network} network  whose parameters the training begins with
   * @param {Examples} data
   * @param {Examples | null} validation
   * @param {Settings} settings
   */
  constructor(network, data, validation, settings) {
    this.network = network;
    this.data = data;
    this.validation = validation;
    this.settings = settings;
    this.passes = new Passes(network);
    const { memory, count } = this.passes;
    this.moments = [memory.reals(count), memory.reals(count)];
    this.zeros = memory.reals(count);
    for (const at of [...this.moments, this.zeros]) memory.view(at, count).fill(0);
    this.passes.start = memory.mark;
    this.random = new Random(settings.seed);
    this.order = Uint32Array.from(data.labels, (_, k) => k);
    this.batches = Math.ceil(data.labels.length / settings.batch_size);
    this.steps = this.batches * settings.epochs;
  }

  get finished() {
    return this.step >= this.steps;
  }

  /**
   * Train for some time, or to the end of an epoch.
   * @param {number} milliseconds
   * @returns {any} a record with the means of the batches since the last one; at the end of an epoch, with validation
   */
  run(milliseconds) {
    const begin = performance.now();
    this.sums = { loss: 0, correct: 0, examples: 0 };
    do {
      if (this.step % this.batches === 0) this.random.shuffle(this.order);
      this.#learn();
      this.step += 1;
    } while (this.step % this.batches && performance.now() < begin + milliseconds);
    const { loss, correct, examples } = this.sums;
    const means = { loss: loss / examples, train_accuracy: correct / examples };
    const tested = this.validation && this.step % this.batches === 0 ? this.evaluate(this.validation) : { loss: null, accuracy: null };
    this.#seconds += (performance.now() - begin) / 1000;
    const at = { step: this.step - 1, epoch: Math.ceil(this.step / this.batches) };
    return { ...at, ...means, validation_loss: tested.loss, validation_accuracy: tested.accuracy, seconds: this.#seconds };
  }

  /** One step: the gradient of the mean loss of a batch, and an update of the parameters. */
  #learn() {
    const { passes, settings } = this;
    const { memory, parameters, gradients, count } = passes;
    const first = (this.step % this.batches) * settings.batch_size;
    const rows = this.order.subarray(first, first + settings.batch_size);
    passes.reset();
    memory.view(gradients, count).fill(0);
    const { run, losses, dlogits, correct } = this.#forward(this.data, rows);
    const slopes = memory.view(dlogits, rows.length * this.network.classes.length);
    for (let k = 0; k < slopes.length; k++) slopes[k] /= rows.length;
    run.backward(dlogits);
    const time = this.step + 1;
    const rate = settings.learning_rate * oneCycle(this.step / this.steps);
    if (settings.weight_decay) memory.call("move_average", count, parameters, this.zeros, rate * settings.weight_decay);
    const corrected = [rate / (1 - BETA1 ** time), 1 / (1 - BETA2 ** time)];
    memory.call("adam", count, parameters, gradients, ...this.moments, BETA1, BETA2, EPSILON, ...corrected);
    this.sums.loss += losses;
    this.sums.correct += correct;
    this.sums.examples += rows.length;
  }

  #forward({ inputs, labels }, rows) {
    const { passes, network } = this;
    const { memory } = passes;
    const [n, width, classes] = [rows.length, size(network.inputShape), network.classes.length];
    const raw = new Uint8Array(n * width);
    for (let k = 0; k < n; k++) raw.set(inputs.subarray(rows[k] * width, (rows[k] + 1) * width), k * width);
    const classesOf = BigInt64Array.from(rows, (row) => BigInt(labels[row]));
    const known = memory.put(classesOf, BigInt64Array);
    const run = passes.forward(passes.put(raw, n));
    const [each, dlogits] = [memory.reals(n), memory.reals(n * classes)];
    memory.call("softmax_cross_entropy", n, classes, run.y, known, 0, each, dlogits);
    const losses = memory.view(each, n).reduce((sum, loss) => sum + loss, 0);
    return { run, losses, dlogits, correct: memory.call("count_correct", n, classes, run.y, known) };
  }

  /** The mean loss and the accuracy of examples. */
  evaluate(examples) {
    const count = examples.labels.length;
    let [loss, correct] = [0, 0];
    for (let first = 0; first < count; first += EVALUATED) {
      this.passes.reset();
      const rows = Uint32Array.from({ length: Math.min(EVALUATED, count - first) }, (_, k) => first + k);
      const found = this.#forward(examples, rows);
      loss += found.losses;
      correct += found.correct;
    }
    return { loss: loss / count, accuracy: correct / count };
  }

  /** The network with its present parameters. */
  result() {
    return this.network.withParameters(this.passes.copies());
  }
}
