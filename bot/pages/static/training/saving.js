/** Answers of an exam on their way to the server: kept in the browser until they have arrived. */

import { Problem, call } from "../api.js";

/** @typedef {{given?: string[], flagged?: boolean}} Wanted */
/** @typedef {{given: string[], flagged: boolean, seq: number, saved_at: string | null, left: number | null}} Kept */

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 15000;

/** One attempt's answers that have not arrived yet; they outlive the page. */
export class Saving {
  /**
   * @param {string} attempt
   * @param {{seen: (index: number) => number, saved: (index: number, kept: Kept) => void,
   *   state: (words: "saving" | "saved" | "offline") => void, refused: (index: number, problem: Problem, data: any) => void}} page
   */
  constructor(attempt, page) {
    this.attempt = attempt;
    this.page = page;
    this.name = `wenjin-exam-${attempt}`;
    /** @type {Record<string, Wanted>} */
    this.waiting = this.#read();
    /** What was sent without an answer, so that it may have arrived: sent again before anything newer. @type {Record<string, Wanted>} */
    this.unsure = {};
    this.wait = FIRST_WAIT;
    this.busy = false;
    this.timer = 0;
    window.addEventListener("online", () => this.send());
  }

  /** @returns {Record<string, Wanted>} */
  #read() {
    try {
      return JSON.parse(localStorage.getItem(this.name) ?? "{}");
    } catch {
      return {};
    }
  }

  #keep() {
    try {
      if (this.empty) localStorage.removeItem(this.name);
      else localStorage.setItem(this.name, JSON.stringify(this.waiting));
    } catch {
      // private windows may refuse: the answers are still in this page
    }
  }

  get empty() {
    return Object.keys(this.waiting).length === 0;
  }

  /** Keep what is wanted and send it. @param {number} index @param {Wanted} wanted */
  add(index, wanted) {
    this.waiting[index] = { ...this.waiting[index], ...wanted };
    this.#keep();
    this.send();
  }

  /** Send what waits, one after the other; resolves when nothing waits or the server cannot be reached. */
  async send() {
    if (this.busy) return;
    this.busy = true;
    clearTimeout(this.timer);
    while (!this.empty) {
      const index = Object.keys(this.waiting)[0];
      const sent = this.unsure[index] ?? this.waiting[index];
      this.page.state("saving");
      try {
        const kept = await call("PUT", this.#address(index), { ...sent, seen: this.page.seen(Number(index)) }, 10000);
        this.wait = FIRST_WAIT;
        this.#arrived(index, sent);
        this.page.saved(Number(index), kept);
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        if (problem.passing) {
          this.unsure[index] = sent;
          this.page.state("offline");
          this.timer = window.setTimeout(() => this.send(), this.wait);
          this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
          break;
        }
        this.#arrived(index, sent);
        this.page.refused(Number(index), problem, problem.data);
        if (problem.status === 401 || problem.status === 403) {
          this.waiting[index] = sent;
          this.#keep();
          break;
        }
      }
    }
    this.busy = false;
    if (this.empty) this.page.state("saved");
  }

  /** Forget what arrived, unless something newer is wanted by now. @param {string} index @param {Wanted} sent */
  #arrived(index, sent) {
    delete this.unsure[index];
    if (this.waiting[index] === sent) delete this.waiting[index];
    this.#keep();
  }

  /** @param {string} index @returns {string} */
  #address(index) {
    return `/api/training/attempts/${this.attempt}/items/${index}`;
  }
}
