/** The list of messages: in order, each once, scrolled as a reader would want it. */

import { bubble, stamp } from "./bubbles";
import { el, tell } from "./dom";
import type { Kit } from "./kit";
import { dayKey, dayName, daysUntil } from "./times";
import type { Message } from "./types";

const NEAR = 120; // px
const COMMAND = /^\/[a-z_]+(\{.*\})?$/su;

export interface LogParts {
  list: HTMLElement;
  scroll: HTMLElement;
  more: HTMLButtonElement;
  moreText: HTMLElement;
}

export class Log {
  /** the highest sequence number that is shown */
  seq = 0;
  /** the place up to which nothing is missing: an answer may come before what was said while the line was down */
  whole = 0;
  private readonly ahead = new Set<number>();
  /** whether the reader is at the end: a keyboard that opens, or a turned phone, must not hide the last message */
  following = true;
  /** called after messages were added */
  added: (fresh: Message[]) => void = () => undefined;
  private readonly seen = new Set<string>();
  private readonly days = new Set<string>();
  /** titles of buttons by payload, so that a command reads as what was chosen */
  private readonly titles = new Map<string, string>();

  constructor(
    readonly parts: LogParts,
    private readonly kit: Kit,
    life: AbortSignal,
  ) {
    const { more, scroll } = parts;
    more.addEventListener("click", () => this.toEnd());
    scroll.addEventListener("scroll", () => this.scrolled(), { passive: true });
    const watch = new ResizeObserver(() => this.following && this.toEnd());
    watch.observe(scroll);
    life.addEventListener("abort", () => watch.disconnect());
  }

  get list(): HTMLElement {
    return this.parts.list;
  }

  /** Tell whether the reader is at the end. */
  nearEnd(): boolean {
    const { scroll } = this.parts;
    return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR;
  }

  /** Go to the end. */
  toEnd(): void {
    const { scroll, more } = this.parts;
    scroll.scrollTop = scroll.scrollHeight;
    this.following = true;
    more.hidden = true;
  }

  /** Add what was said before, without having it read out. */
  history(messages: Message[]): void {
    this.list.setAttribute("aria-live", "off");
    this.whole = Math.max(this.whole, ...messages.map(({ seq }) => seq));
    this.add(messages);
    requestAnimationFrame(() => this.list.setAttribute("aria-live", "polite"));
  }

  /** Add messages that are not there yet and return those that were new. */
  add(messages: Message[]): Message[] {
    return this.settle(null, messages);
  }

  /** Add messages; the customer's own takes the place of the bubble that was waiting for it. */
  settle(pending: HTMLElement | null, messages: Message[]): Message[] {
    const near = this.nearEnd();
    const fresh = messages.filter((m) => !this.seen.has(m.id)).sort((a, b) => a.seq - b.seq);
    const own = fresh.find((m) => m.actor === "customer");
    if (!own) pending?.remove();
    for (const message of fresh) this.place(message, message === own ? pending : null);
    if (fresh.length) {
      this.retire();
      this.join();
      this.added(fresh);
      this.follow(fresh, near);
    }
    return fresh;
  }

  /** Forget what is shown, but not what is still being sent. */
  clear(): void {
    this.seq = this.whole = 0;
    this.ahead.clear();
    this.seen.clear();
    this.days.clear();
    for (const node of this.list.querySelectorAll("[data-seq], [data-day]")) node.remove();
  }

  /** Show a message of the customer before the server has it; it is settled, or marked as failed. */
  pending(text: string): HTMLElement {
    const node = bubble({ seq: 0, id: "", actor: "customer", kind: "text", text, data: {}, buttons: [], at: "" }, this.kit);
    this.local(node);
    this.retire();
    return node;
  }

  /** Show something at the end that is not stored yet. */
  local(node: HTMLElement): void {
    node.classList.add("msg--waiting");
    node.setAttribute("data-local", "");
    this.list.append(node);
    this.toEnd();
  }

  private scrolled(): void {
    this.following = this.nearEnd();
    const { more, moreText } = this.parts;
    if (this.following) more.hidden = true;
    else if (more.hidden) {
      tell(moreText, this.kit.words.newest);
      more.hidden = false;
    }
  }

  private place(message: Message, pending: HTMLElement | null): void {
    this.seen.add(message.id);
    this.seq = Math.max(this.seq, message.seq);
    this.ahead.add(message.seq);
    while (this.ahead.delete(this.whole + 1)) this.whole += 1;
    for (const { payload, title } of message.buttons ?? []) this.titles.set(payload, title);
    const text = message.actor === "customer" ? this.said(message.text) : message.text;
    const node = pending ? settled(pending, { ...message, text }) : bubble({ ...message, text }, this.kit);
    const later = [...this.list.querySelectorAll<HTMLElement>("[data-seq]")].find((n) => n !== node && Number(n.dataset["seq"]) > message.seq);
    const before = later ?? this.list.querySelector("[data-local]");
    this.day(message, pending ?? before);
    // a node that already stands in its place is not moved: it would be read out again
    if (node.nextElementSibling !== before || !node.isConnected) this.list.insertBefore(node, before);
  }

  /** What a person reads in place of a command such as /affirm{…}. */
  private said(text: string): string {
    return COMMAND.test(text) ? (this.titles.get(text) ?? this.kit.words.said) : text;
  }

  /** Put the day above each day's first message; a chat that begins today needs none. */
  private day(message: Message, before: Element | null): void {
    const key = dayKey(message.at);
    if (this.days.has(key)) return;
    const first = this.days.size === 0;
    this.days.add(key);
    const ago = -daysUntil(message.at, new Date());
    if (ago === 0 && first) return;
    const { words, language } = this.kit;
    const text = ago === 0 ? words.today : ago === 1 ? words.yesterday : dayName(message.at, language);
    this.list.insertBefore(el("p", { class: "day", "data-day": key, text }), before);
  }

  /** Switch off the choices that a later message of the customer has passed by. */
  private retire(): void {
    const nodes = [...this.list.querySelectorAll<HTMLElement>(".msg")];
    const last = nodes.map((n) => n.classList.contains("msg--customer")).lastIndexOf(true);
    for (const node of nodes.slice(0, Math.max(last, 0))) {
      if (node.classList.contains("msg--past")) continue;
      node.classList.add("msg--past");
      if (node.dataset["kind"] === "ticket") continue;
      for (const control of node.querySelectorAll(".buttons button, .quiz button, .quiz input")) control.setAttribute("disabled", "");
      for (const option of node.querySelectorAll(".quiz .option")) option.setAttribute("data-off", "");
    }
  }

  /** Draw what one person says within a minute as one: the time stands under the last of it. */
  private join(): void {
    const nodes = [...this.list.querySelectorAll<HTMLElement>(".msg[data-seq]")];
    nodes.forEach((node, i) => {
      const next = nodes[i + 1];
      const same = next !== undefined && next.dataset["actor"] === node.dataset["actor"] && next.dataset["clock"] === node.dataset["clock"];
      node.classList.toggle("msg--goes-on", same);
      next?.classList.toggle("msg--joined", same);
    });
  }

  private follow(fresh: Message[], near: boolean): void {
    const { more, moreText, scroll } = this.parts;
    if (!near) {
      if (!fresh.some((m) => m.actor !== "customer")) return;
      tell(moreText, this.kit.words.newer);
      more.hidden = false;
      return;
    }
    this.toEnd();
    const first = fresh.find((m) => m.actor !== "customer");
    const node = first && this.list.querySelector(`[data-id="${CSS.escape(first.id)}"]`);
    if (node && node.getBoundingClientRect().top < scroll.getBoundingClientRect().top) node.scrollIntoView({ block: "start" });
  }
}

/** Make a waiting bubble the one of the stored message; it says what is stored. */
function settled(node: HTMLElement, message: Message): HTMLElement {
  const said = node.querySelector<HTMLElement>(".bubble");
  if (said) tell(said, message.text);
  return stamp(node, message);
}
