/** Messages that the server pushes: reconnects with growing pauses and asks for what was missed. */

import { call } from "../api.js";

/** @typedef {import("./types.js").Message} Message */

const FIRST = 1000;
const LONGEST = 30000;

export class Events {
  /**
   * @param {() => number} seq the last message that is shown
   * @param {{take: (messages: Message[]) => void, standing: (standing: any) => void, connected: (on: boolean) => void, renew: () => Promise<void>}} page
   */
  constructor(seq, page) {
    this.seq = seq;
    this.page = page;
    this.pause = FIRST;
    /** @type {EventSource | null} */
    this.source = null;
    this.timer = 0;
    addEventListener("online", () => this.#again(0));
    addEventListener("pageshow", (event) => event.persisted && this.#again(0));
    document.addEventListener("visibilitychange", () => !document.hidden && !this.source && this.#again(0));
  }

  /** Connect; whatever came since the last message is sent first. */
  open() {
    this.close();
    const source = new EventSource(`/api/chat/events?after=${this.seq()}`);
    this.source = source;
    source.addEventListener("open", () => {
      this.pause = FIRST;
      this.page.connected(true);
    });
    source.addEventListener("message", (event) => {
      const message = parse(event.data);
      if (message) this.page.take([message]);
    });
    source.addEventListener("standing", (event) => {
      const standing = parsed(event.data);
      if (typeof standing?.mode === "string") this.page.standing(standing);
    });
    source.addEventListener("error", () => {
      this.close();
      this.page.connected(false);
      this.#again(this.pause * (0.75 + Math.random() / 2));
      this.pause = Math.min(this.pause * 2, LONGEST);
    });
  }

  /** Close the connection and forget planned attempts. */
  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  /** @param {number} delay milliseconds */
  #again(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.#return(), delay);
  }

  async #return() {
    try {
      await this.refresh();
    } catch (problem) {
      if ([401, 403, 404].includes(problem.status)) await this.page.renew().catch(() => undefined);
    }
    this.open();
  }

  /** Ask for what was missed. @throws {import("../api.js").Problem} */
  async refresh() {
    const { messages, standing } = await call("GET", `/api/chat/messages?after=${this.seq()}`);
    this.page.take(messages);
    if (standing) this.page.standing(standing);
  }
}

/** @param {string} data @returns {Message | null} */
function parse(data) {
  const message = parsed(data);
  return typeof message?.id === "string" && typeof message?.seq === "number" ? message : null;
}

/** @param {string} data @returns {any} null for what is no JSON */
function parsed(data) {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}
