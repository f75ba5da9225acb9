/** The input: grows to five lines, counts near its limit, keeps a draft, never sends while composing. */

import { meaningOf } from "./ime";
import type { Memory } from "./memory";
import type { Words } from "./words";

export const LIMIT = 2000;
const NEAR = 1800;
const LINES = 136; // px, five lines
const DRAFT = "draft";

export interface ComposerParts {
  form: HTMLFormElement;
  field: HTMLTextAreaElement;
  button: HTMLButtonElement;
  counter: HTMLElement;
}

/** Count characters as people do: one for an emoji or a rare character. */
export const size = (text: string): number => [...text].length;

/** Return what the counter says about a text, "" while it is far from the limit. */
export function count(text: string, words: Words): string {
  const length = size(text);
  if (length < NEAR) return "";
  return words.characters(length, LIMIT) + (length > LIMIT ? words.over : "");
}

export class Composer {
  private composed = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly parts: ComposerParts,
    private readonly words: Words,
    private readonly drafts: Memory,
    private readonly send: (text: string) => void,
  ) {
    const { field, form } = parts;
    field.value = drafts.get(DRAFT) ?? "";
    field.addEventListener("input", () => this.check());
    field.addEventListener("compositionend", (event) => (this.composed = event.timeStamp));
    field.addEventListener("keydown", (event) => {
      const meaning = meaningOf(event, this.composed);
      if (meaning === "type") return;
      event.preventDefault();
      if (meaning === "send") this.submit();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.check();
  }

  /** Bring a text back to be changed, before what is being typed. */
  put(text: string): void {
    const { field } = this.parts;
    field.value = field.value ? `${text}\n${field.value}` : text;
    this.check();
    field.focus();
  }

  /** Fit the height; called again when the field becomes visible. */
  fit(): void {
    const { field } = this.parts;
    field.style.height = "auto";
    if (field.scrollHeight) field.style.height = `${Math.min(field.scrollHeight, LINES)}px`;
  }

  private check(): void {
    const { field, button, counter } = this.parts;
    const over = size(field.value) > LIMIT;
    counter.textContent = count(field.value, this.words);
    counter.classList.toggle("counter--over", over);
    field.setAttribute("aria-invalid", String(over));
    button.disabled = over || !field.value.trim();
    this.drafts.set(DRAFT, field.value || null);
    this.fit();
  }

  private submit(): void {
    const { field, button } = this.parts;
    this.check();
    if (button.disabled) return;
    const text = field.value.trim();
    field.value = "";
    this.check();
    this.send(text);
    field.focus();
  }
}
