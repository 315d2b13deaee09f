// The current sheet and the ones before it, for undo.
//
// A sheet holds a drawing, or an example in its place, and the pixels edited by hand. Sheets below the top never change.

import { blank } from "handgrad/draw/strokes.js";

const LIMIT = 200;

export class History {
  #sheets = [{ drawing: blank(), example: null, edits: new Map() }];

  get sheet() {
    return this.#sheets.at(-1);
  }

  get canUndo() {
    return this.#sheets.length > 1;
  }

  get empty() {
    const { drawing, example, edits } = this.sheet;
    return !drawing.strokes.length && !example && !edits.size;
  }

  /** Add a sheet that differs from the current one by `changes`. */
  push(changes) {
    this.#sheets.push({ ...this.sheet, ...changes });
    if (this.#sheets.length > LIMIT) this.#sheets.shift();
  }

  /** Add a sheet with an example, or with nothing. */
  open(example) {
    if (example || !this.empty) this.push({ drawing: blank(this.sheet.drawing.width), example, edits: new Map() });
  }

  undo() {
    if (this.canUndo) this.#sheets.pop();
  }

  /** Change the pen's width of all sheets; this is not a step to undo. */
  setWidth(width) {
    for (const sheet of this.#sheets) sheet.drawing = { ...sheet.drawing, width };
  }
}
