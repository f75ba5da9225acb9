/** Sending: one at a time, each under its own key, so that sending again never asks twice. */

import { call } from "../api.js";
import { el } from "../dom.js";

/** @typedef {import("./log.js").Log} Log */
/** @typedef {{key: string, text: string, shown: string, node: HTMLElement}} Letter */

const PAUSES = [800, 2500];
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

/** @returns {string} a key that no other message has */
const freshKey = () =>
  globalThis.crypto?.randomUUID?.() ??
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export class Outbox {
  /**
   * @param {Log} log
   * @param {{busy: (on: boolean) => void, back: (text: string) => void, renew: () => Promise<void>}} page
   */
  constructor(log, page) {
    this.log = log;
    this.page = page;
    /** @type {Letter[]} */
    this.waiting = [];
    this.running = false;
    /** pushed messages that arrive while a letter is under way wait for its answer */
    this.held = [];
  }

  /** @param {string} text @param {string} [shown] what the bubble says when it is not the text itself */
  send(text, shown = text) {
    const letter = { key: freshKey(), text, shown, node: this.log.pending(shown) };
    this.#queue(letter);
  }

  /** Take messages that the server pushed. @param {import("./types.js").Message[]} messages */
  receive(messages) {
    if (this.running) this.held.push(...messages);
    else this.log.add(messages);
  }

  /** @param {Letter} letter */
  #queue(letter) {
    this.waiting.push(letter);
    if (!this.running) void this.#run();
  }

  async #run() {
    this.running = true;
    this.page.busy(true);
    while (this.waiting.length) {
      const letter = /** @type {Letter} */ (this.waiting.shift());
      try {
        const { messages } = await this.#post(letter, PAUSES);
        letter.node.remove();
        this.log.add(messages.map((m) => (m.actor === "customer" && letter.shown !== letter.text ? { ...m, text: letter.shown } : m)));
      } catch (problem) {
        this.#fail(letter, problem);
      }
      this.log.add(this.held.splice(0));
    }
    this.running = false;
    this.page.busy(false);
  }

  /** @param {Letter} letter @param {number[]} pauses @returns {Promise<any>} */
  async #post(letter, pauses) {
    try {
      return await call("POST", "/api/chat/messages", { text: letter.text, key: letter.key });
    } catch (problem) {
      if (!pauses.length) throw problem;
      if ([401, 403, 404].includes(problem.status)) await this.page.renew();
      else if (problem.status === 0 || problem.status >= 502) await wait(pauses[0]);
      else throw problem;
      return this.#post(letter, pauses.slice(1));
    }
  }

  /** @param {Letter} letter @param {import("../api.js").Problem} problem */
  #fail(letter, problem) {
    const { node } = letter;
    const again = () => {
      line.remove();
      node.classList.add("msg--waiting");
      this.#queue(letter);
    };
    const edit = () => {
      node.remove();
      this.page.back(letter.text);
    };
    const words = problem.status === 0 ? "发送失败，点此重试" : "点此重试";
    const line = el("div", { class: "failed", role: "alert" },
      problem.status !== 0 && el("span", { text: problem.message }),
      problem.passing
        ? el("button", { class: "linkish", type: "button", text: words, onclick: again })
        : el("button", { class: "linkish", type: "button", text: "改一改再发", onclick: edit }));
    node.classList.remove("msg--waiting");
    node.querySelector(".msg__main")?.append(line);
    this.log.toEnd();
  }
}
