/** The live side of the chat: a place in the queue, who talks, who types, what was read. */

import { el, tell } from "./dom";
import type { Kit } from "./kit";
import type { Log } from "./log";
import type { Standing } from "./types";

const TYPING = 2000; // ms between two words to the server that the customer types
const GONE = 5000; // ms after which somebody no longer types

export interface LiveParts {
  standing: HTMLElement;
  unwait: HTMLButtonElement;
  typing: HTMLElement;
  field: HTMLTextAreaElement;
}

export class Live {
  private standing: Standing = { mode: "bot", position: 0, handler: "", read_seq: 0 };
  private read = 0;
  private told = 0;
  private ends = 0;

  /** `attending` tells whether the customer sees the chat now. */
  constructor(
    private readonly parts: LiveParts,
    private readonly kit: Kit,
    private readonly log: Log,
    private readonly attending: () => boolean,
  ) {
    parts.field.addEventListener("input", () => this.types());
    parts.unwait.addEventListener("click", () => void this.stopWaiting());
  }

  /** Tell whether a person talks with the customer now. */
  get human(): boolean {
    return this.standing.mode === "human";
  }

  /** Show where the conversation stands. */
  take(standing: Standing): void {
    this.standing = standing;
    const waiting = standing.mode === "waiting_human";
    tell(this.parts.standing, waiting ? this.waitingWords(standing) : this.human ? this.kit.words.attended(standing.handler) : "");
    this.parts.unwait.hidden = !waiting;
    this.typing(Boolean(standing.typing));
    this.mark();
    this.seen();
  }

  /** Show for some seconds that the handler types. */
  typing(on: boolean): void {
    clearTimeout(this.ends);
    const near = this.log.nearEnd();
    this.parts.typing.hidden = !on;
    if (on && near) this.log.toEnd();
    if (on) this.ends = window.setTimeout(() => this.typing(false), GONE);
  }

  /** Say under the customer's last words whether a person has read them. */
  mark(): void {
    const own = [...this.log.list.querySelectorAll<HTMLElement>(".msg--customer[data-seq]")].at(-1);
    const found = this.log.list.querySelector<HTMLElement>(".msg__mark");
    if (!this.human || !own) return found?.remove();
    const mark = found ?? el("span", { class: "msg__mark" });
    tell(mark, Number(own.dataset["seq"]) <= this.standing.read_seq ? this.kit.words.read : this.kit.words.delivered);
    if (!own.contains(mark)) own.querySelector(".msg__meta")?.append(mark);
    if (this.log.following) this.log.toEnd();
  }

  /** Tell the server how far the customer has read, as long as a person may want to know. */
  seen(): void {
    const { seq } = this.log;
    if (this.standing.mode === "bot" || !this.attending() || seq <= this.read) return;
    this.read = seq;
    this.kit.api.call("POST", "/api/chat/read", { seq }).catch(() => (this.read = 0));
  }

  /** While nobody is at work no place is told: it would sound like soon. */
  private waitingWords({ position, opens }: Standing): string {
    return opens ? this.kit.words.opens(opens) : this.kit.words.waiting(position);
  }

  private types(): void {
    if (!this.human || !this.parts.field.value || Date.now() - this.told < TYPING) return;
    this.told = Date.now();
    this.kit.api.call("POST", "/api/chat/typing", {}).catch(() => undefined);
  }

  private async stopWaiting(): Promise<void> {
    try {
      this.take((await this.kit.api.call("DELETE", "/api/chat/waiting")) as Standing);
      this.parts.field.focus();
    } catch {
      // the standing that is pushed says what became of it
    }
  }
}
