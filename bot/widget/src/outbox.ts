/** Sending: one at a time and in order, each under its own key, so that sending again never asks twice. */

import { Problem } from "./api";
import { el } from "./dom";
import type { Kit } from "./kit";
import { freshKey, isYoung, type Letter, type Letters } from "./letters";
import type { Log } from "./log";
import type { Message } from "./types";

const PAUSES = [800, 2500];
const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

interface Sending {
  letter: Letter;
  node: HTMLElement;
  note: HTMLElement | null;
}

export interface Desk {
  busy: (on: boolean) => void;
  back: (text: string) => void;
  renew: () => Promise<void>;
  /** called when the server took a letter: it is there */
  arrived: () => void;
}

export class Outbox {
  private readonly waiting: Sending[] = [];
  private running = false;
  /** pushed messages that arrive while a letter is under way wait for its answer */
  private held: Message[] = [];

  constructor(
    private readonly kit: Kit,
    private readonly log: Log,
    private readonly letters: Letters,
    private readonly desk: Desk,
  ) {}

  /** Send a text; `shown` is what the bubble says. */
  send(text: string, shown = text): void {
    const letter = { key: freshKey(), text, shown, at: Date.now() };
    this.letters.keep(letter);
    this.queue({ letter, node: this.log.pending(shown), note: null });
  }

  /** Take up what an earlier window could not send; of an old letter one is asked first. */
  restore(): void {
    const here = new Set(this.waiting.map(({ letter }) => letter.key));
    for (const { letter } of this.waiting) this.letters.keep(letter);
    for (const letter of this.letters.left()) {
      if (here.has(letter.key)) continue;
      const sending = { letter, node: this.log.pending(letter.shown), note: null };
      if (isYoung(letter, Date.now())) this.queue(sending);
      else this.note(sending, this.kit.words.old, [this.againButton(sending, this.kit.words.send), this.dropButton(sending)]);
    }
  }

  /** Take messages that the server pushed: it is there again, so what waits goes first. */
  receive(messages: Message[]): void {
    this.resume();
    if (this.running) this.held.push(...messages);
    else this.log.add(messages);
  }

  /** Go on sending after a pause. */
  resume(): void {
    if (this.waiting.length && !this.running) void this.run();
  }

  private queue(sending: Sending): void {
    this.waiting.push(sending);
    this.resume();
  }

  private async run(): Promise<void> {
    this.running = true;
    this.desk.busy(true);
    for (let next = this.waiting[0]; next; next = this.waiting[0]) {
      this.clear(next);
      const problem = await this.deliver(next);
      this.log.add(this.held.splice(0));
      if (problem?.away) break;
      this.waiting.shift();
    }
    this.running = false;
    this.desk.busy(false);
  }

  /** Send one letter and show its answer; return why it did not work. */
  private async deliver(sending: Sending): Promise<Problem | null> {
    const { letter, node } = sending;
    try {
      const { messages } = await this.post(letter, PAUSES);
      this.letters.drop(letter);
      this.desk.arrived();
      const titled = letter.shown !== letter.text; // a choice reads as its title; all else as the server keeps it, masked
      this.log.settle(node, messages.map((m) => (titled && m.actor === "customer" ? { ...m, text: letter.shown } : m)));
      return null;
    } catch (problem) {
      const failure = problem instanceof Problem ? problem : new Problem(500, "error", this.kit.words.trouble);
      this.fail(sending, failure);
      return failure;
    }
  }

  private async post(letter: Letter, pauses: number[]): Promise<{ messages: Message[] }> {
    try {
      return (await this.kit.api.call("POST", "/api/chat/messages", { text: letter.text, key: letter.key })) as { messages: Message[] };
    } catch (problem) {
      const [pause, ...later] = pauses;
      if (pause === undefined || !(problem instanceof Problem)) throw problem;
      if (problem.stranger) await this.desk.renew();
      else if (problem.away) await wait(pause);
      else throw problem;
      return this.post(letter, later);
    }
  }

  private fail(sending: Sending, problem: Problem): void {
    const { words } = this.kit;
    if (problem.away) return this.note(sending, words.unsent, [this.againButton(sending, words.retry)], "failed failed--later");
    if (problem.passing) return this.note(sending, problem.message, [this.againButton(sending, words.retry)]);
    const edit = (): void => {
      this.forget(sending);
      this.desk.back(sending.letter.text);
    };
    this.note(sending, problem.message, [el("button", { class: "linkish", type: "button", text: words.edit, onclick: edit })]);
  }

  private againButton(sending: Sending, text: string): HTMLElement {
    const again = (): void => {
      this.clear(sending);
      if (this.waiting.includes(sending)) this.resume();
      else this.queue(sending);
    };
    return el("button", { class: "linkish", type: "button", text, onclick: again });
  }

  private dropButton(sending: Sending): HTMLElement {
    return el("button", { class: "linkish", type: "button", text: this.kit.words.drop, onclick: () => this.forget(sending) });
  }

  private forget({ letter, node }: Sending): void {
    this.letters.drop(letter);
    node.remove();
  }

  private clear(sending: Sending): void {
    sending.note?.remove();
    sending.note = null;
    sending.node.classList.add("msg--waiting");
  }

  private note(sending: Sending, text: string, buttons: HTMLElement[], look = "failed"): void {
    sending.note = el("div", { class: look, role: "alert" }, text && el("span", { text }), ...buttons);
    sending.node.classList.remove("msg--waiting");
    sending.node.querySelector(".msg__main")?.append(sending.note);
    this.log.toEnd();
  }
}
