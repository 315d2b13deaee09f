// Before and after: how two networks read one's own digits and the test images, and which answers changed.

import { grey, paint } from "handgrad/draw/shades.js";
import { element } from "handgrad/elements.js";
import { Reader } from "handgrad/train/reader.js";
import { digitsFor, examplesOf } from "handgrad/train/test_images.js";
import { count, percent } from "handgrad/train/words.js";

const MOST = 24; // changed answers that are listed of each kind

export class Comparison {
  constructor(app) {
    this.app = app;
    this.reader = new Reader();
    this.told = element("p", { class: "note comparison-told" }, "Once the network was trained on your digits, you see here what that changed, for your digits and for others.");
    this.sums = element("div", { class: "comparison-sums" });
    this.changes = element("div", { class: "comparison-changes" });
    this.element = element("section", { class: "panel comparison", "aria-label": "Before and after" }, element("h2", {}, "Before and after"), this.told, this.sums, this.changes);
  }

  /** Say something in place of a comparison. */
  tell(text) {
    this.reader.stop();
    this.told.textContent = text;
    this.sums.replaceChildren();
    this.changes.replaceChildren();
  }

  /**
   * Compare.
   * @param before, after  {name, network}
   * @param own            one's own digits, as `examplesOf` gives them
   */
  async show(before, after, own) {
    this.tell(`Reading with ${before.name} and ${after.name} …`);
    try {
      const { name } = await digitsFor(this.app, before.network.recipe?.data?.source ?? "");
      const others = await examplesOf(this.app, name);
      const pieces = [];
      for (const [title, examples] of [["your digits", own], [`test images of ${others.name}`, others]]) {
        const first = await this.#answers(before, examples, title);
        const second = first && (await this.#answers(after, examples, title));
        if (!second) return; // something else is compared
        pieces.push({ title, examples, first, second });
      }
      this.#table(before, after, pieces);
      this.#list(pieces);
      this.told.textContent = "“After” has seen most of your digits while it was trained, so their number flatters it: draw new ones to know. The test images it has not seen.";
    } catch (error) {
      this.tell(error.message);
    }
  }

  async #answers({ name, network }, { pixels, count: many }, title) {
    const answers = [];
    const whole = await this.reader.read(network, pixels, many, (first, found) => {
      answers.push(...found.map((index) => network.classes[index]));
      this.told.textContent = `${name} reads ${title}: ${count(first + found.length)} of ${count(many)}`;
    });
    return whole ? answers : null;
  }

  #table(before, after, pieces) {
    const head = ["", `before: ${before.name}`, `after: ${after.name}`, "change"].map((text, k) => element("th", { scope: "col", class: k ? "number" : null }, text));
    const rows = pieces.map(({ title, examples, first, second }) => {
      const [a, b] = [first, second].map((answers) => answers.filter((answer, k) => answer === examples.labels[k]).length);
      const share = (right) => `${count(right)} of ${count(examples.count)} (${percent(right / examples.count)})`;
      const cells = [share(a), share(b), `${b > a ? "+" : b < a ? "−" : "±"}${count(Math.abs(b - a))}`];
      return element("tr", {}, element("th", { scope: "row" }, title), ...cells.map((text) => element("td", { class: "number" }, text)));
    });
    this.sums.replaceChildren(
      element("table", {}, element("caption", { class: "visually-hidden" }, "Read rightly"), element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows)),
    );
  }

  #list(pieces) {
    const listed = pieces.flatMap(({ title, examples, first, second }) => {
      const changed = first.map((_, k) => k).filter((k) => first[k] !== second[k]);
      const heading = element("h3", {}, changed.length ? `${count(changed.length)} of ${title} ${changed.length === 1 ? "is" : "are"} read differently now` : `None of ${title} is read differently now`);
      if (!changed.length) return [heading];
      const more = changed.length > MOST ? element("p", { class: "note" }, `The first ${MOST} of them:`) : null;
      const head = ["Digit", "It is", "Before", "After"].map((text) => element("th", { scope: "col" }, text));
      const rows = changed.slice(0, MOST).map((k) => {
        const label = examples.labels[k];
        const said = (answer) => `${answer}, ${answer === label ? "right" : "wrong"}`;
        return element("tr", {}, element("td", {}, this.#picture(examples, k)), element("td", {}, label), element("td", {}, said(first[k])), element("td", {}, said(second[k])));
      });
      return [heading, more, element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows))].filter(Boolean);
    });
    this.changes.replaceChildren(...listed);
  }

  #picture({ pixels, labels }, k) {
    const own = pixels.slice(784 * k, 784 * (k + 1));
    const canvas = element("canvas", { class: "pixels", width: 28, height: 28, "aria-hidden": "true" });
    paint(canvas, (place) => grey(own[place] / 255));
    const name = `Image ${k + 1}, a ${labels[k]}: show it in Draw`;
    return element("button", { type: "button", class: "thumb", "aria-label": name, title: name, onclick: () => this.app.showExample(own, labels[k]) }, canvas);
  }
}
