/** Letters that are not yet with the server, kept in the browser, so that a closed window loses none. */

import type { Memory } from "./memory";

const START = "letter:";
const YOUNG = 10 * 60_000; // ms; an older one is sent only when its writer says so

/** One message under way; `key` makes sending it again harmless. */
export interface Letter {
  key: string;
  text: string;
  /** what the bubble says when it is not the text itself */
  shown: string;
  at: number;
}

/** Return a key that no other message has. */
export const freshKey = (): string =>
  globalThis.crypto?.randomUUID?.() ??
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Tell whether a letter of an earlier window may be sent without asking. */
export const isYoung = (letter: Letter, now: number): boolean => now - letter.at < YOUNG;

/** The letters of one conversation; another customer's in the same browser are not touched. */
export class Letters {
  constructor(
    private readonly memory: Memory,
    private readonly conversation: () => string,
  ) {}

  /** Keep a letter; before the conversation is known it lives in this window only. */
  keep(letter: Letter): void {
    if (this.conversation()) this.memory.set(this.place(letter.key), JSON.stringify(letter));
  }

  /** Forget a letter that arrived or was dropped. */
  drop(letter: Letter): void {
    this.memory.set(this.place(letter.key), null);
  }

  /** Return what an earlier window left, oldest first. */
  left(): Letter[] {
    const found = this.memory.keys(this.place("")).map((key) => read(this.memory.get(key)));
    return found.filter((letter) => letter !== null).sort((a, b) => a.at - b.at);
  }

  private place(key: string): string {
    return `${START}${this.conversation()}:${key}`;
  }
}

function read(kept: string | null): Letter | null {
  try {
    const letter = JSON.parse(kept ?? "null") as Partial<Letter> | null;
    const whole = typeof letter?.key === "string" && typeof letter.text === "string" && typeof letter.at === "number";
    return whole ? { key: letter.key!, text: letter.text!, shown: letter.shown ?? letter.text!, at: letter.at! } : null;
  } catch {
    return null;
  }
}
