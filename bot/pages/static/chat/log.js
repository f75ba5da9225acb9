/** The list of messages: in order, each once, scrolled as a reader would want it. */

import { el } from "../dom.js";
import { dayKey, dayName } from "../times.js";
import { bubble } from "./bubbles.js";

/** @typedef {import("./types.js").Message} Message */
/** @typedef {import("./types.js").Hands} Hands */

const NEAR = 120;
const COMMAND = /^\/[a-z_]+(\{.*\})?$/su;

export class Log {
  /**
   * @param {{list: HTMLElement, scroll: HTMLElement, more: HTMLElement}} places
   * @param {Hands} hands
   */
  constructor({ list, scroll, more }, hands) {
    this.list = list;
    this.scroll = scroll;
    this.more = more;
    this.hands = hands;
    /** the last sequence number that is shown without a gap before it */
    this.seq = 0;
    /** @type {Set<string>} */
    this.seen = new Set();
    /** @type {Set<string>} */
    this.days = new Set();
    /** titles of buttons by payload, so that a command reads as what was chosen */
    this.titles = new Map();
    more.addEventListener("click", () => this.toEnd());
    /** whether the reader is at the end: a keyboard that opens, or a turned phone, must not hide the last message */
    this.following = true;
    scroll.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    /** called after messages were added */
    this.added = () => undefined;
    new ResizeObserver(() => this.following && this.toEnd()).observe(scroll);
  }

  /** Tell whether the reader is at the end. */
  nearEnd() {
    return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < NEAR;
  }

  #scrolled() {
    this.following = this.nearEnd();
    if (this.following) this.more.hidden = true;
  }

  /** Go to the end. */
  toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.more.hidden = true;
  }

  /**
   * Add messages that are not there yet.
   * @param {Message[]} messages
   * @returns {Message[]} those that were new
   */
  add(messages) {
    const near = this.nearEnd();
    const fresh = messages.filter((m) => !this.seen.has(m.id)).sort((a, b) => a.seq - b.seq);
    for (const message of fresh) this.#place(message);
    if (fresh.length) {
      this.#retire();
      this.added();
      this.#follow(fresh, near);
    }
    return fresh;
  }

  /** Forget what is shown, but not what is still being sent. */
  clear() {
    this.seq = 0;
    this.seen.clear();
    this.days.clear();
    for (const node of this.list.querySelectorAll("[data-seq], [data-day]")) node.remove();
  }

  /**
   * Show a message of the customer before the server has it.
   * @param {string} text
   * @returns {HTMLElement} to be taken away or marked as failed
   */
  pending(text) {
    const node = bubble(/** @type {Message} */ ({ actor: "customer", kind: "text", text, data: {}, buttons: [] }), this.hands);
    this.local(node);
    this.#retire();
    return node;
  }

  /** Show something at the end that is not stored yet. @param {HTMLElement} node */
  local(node) {
    node.classList.add("msg--waiting");
    this.list.append(node);
    this.toEnd();
  }

  /** @param {Message} message */
  #place(message) {
    this.seen.add(message.id);
    this.seq = Math.max(this.seq, message.seq);
    for (const { payload, title } of message.buttons ?? []) this.titles.set(payload, title);
    const text = message.actor === "customer" ? this.#said(message.text) : message.text;
    const node = bubble({ ...message, text }, this.hands);
    const later = [...this.list.querySelectorAll("[data-seq]")].find((n) => Number(n.getAttribute("data-seq")) > message.seq);
    const waiting = this.list.querySelector(".msg--waiting");
    this.#day(message, later ?? waiting);
    this.list.insertBefore(node, later ?? waiting);
  }

  /** What a person reads in place of a command such as /affirm{…}. @param {string} text */
  #said(text) {
    return COMMAND.test(text) ? (this.titles.get(text) ?? "（已选择）") : text;
  }

  /** Put the day above each day's first message; a chat that begins today needs none. @param {Message} message @param {Element | null | undefined} before */
  #day(message, before) {
    const key = dayKey(message.at);
    if (this.days.has(key)) return;
    const today = key === dayKey(new Date().toISOString());
    const first = this.days.size === 0;
    this.days.add(key);
    if (today && first) return;
    this.list.insertBefore(el("p", { class: "day", "data-day": key, text: today ? "今天" : dayName(message.at) }), before ?? null);
  }

  /** Switch off the choices that a later message of the customer has passed by. */
  #retire() {
    const nodes = [...this.list.querySelectorAll(".msg")];
    const last = nodes.findLastIndex((n) => n.classList.contains("msg--customer"));
    for (const node of nodes.slice(0, Math.max(last, 0))) {
      if (node.classList.contains("msg--past")) continue;
      node.classList.add("msg--past");
      if (node.getAttribute("data-kind") === "ticket") continue;
      for (const control of node.querySelectorAll(".buttons button, .quiz button, .quiz input")) control.setAttribute("disabled", "");
      for (const option of node.querySelectorAll(".quiz .option")) option.setAttribute("data-off", "");
    }
  }

  /** @param {Message[]} fresh @param {boolean} near */
  #follow(fresh, near) {
    if (!near) {
      this.more.hidden = !fresh.some((m) => m.actor !== "customer");
      return;
    }
    this.toEnd();
    const first = fresh.find((m) => m.actor !== "customer");
    const node = first && this.list.querySelector(`[data-id="${CSS.escape(first.id)}"]`);
    if (node && node.getBoundingClientRect().top < this.scroll.getBoundingClientRect().top) node.scrollIntoView({ block: "start" });
  }
}
