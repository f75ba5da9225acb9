/** The live side of the chat: a place in the queue, who talks, who types, what was read. */

import { call } from "../api.js";
import { byId, el } from "../dom.js";

/** @typedef {{mode: string, position: number, opens?: string, handler: string, read_seq: number, typing?: boolean}} Standing */

const TYPING = 2000;
const GONE = 5000;
const ALONE = /** @type {Standing} */ ({ mode: "bot", position: 0, handler: "", read_seq: 0 });

/** @param {Standing} standing @returns {string} while nobody is at work no place is told: it would sound like soon */
const waitingWords = ({ position, opens }) => (opens ? `已记下您的请求，${opens} 起有同事上班` : `等候人工中，您排在第 ${position} 位`);

export class Live {
  /** @param {import("./log.js").Log} log @param {(standing: Standing) => void} changed */
  constructor(log, changed) {
    this.log = log;
    this.standing = ALONE;
    this.read = 0;
    this.told = 0;
    this.ends = 0;
    log.added = () => {
      this.mark();
      this.seen();
    };
    const field = /** @type {HTMLTextAreaElement} */ (byId("text"));
    field.addEventListener("input", () => this.#types(field));
    document.addEventListener("visibilitychange", () => this.seen());
    byId("unwait").addEventListener("click", () => void this.#stopWaiting(changed));
  }

  /** Tell whether a person talks with the customer now. */
  get human() {
    return this.standing.mode === "human";
  }

  /** Show where the conversation stands. @param {Standing} standing */
  take(standing) {
    this.standing = standing;
    const waiting = standing.mode === "waiting_human";
    const words = waiting ? waitingWords(standing) : this.human ? `客服${standing.handler}正在为您服务` : "";
    const place = byId("standing");
    if (place.textContent !== words) place.textContent = words;
    byId("unwait").hidden = !waiting;
    this.typing(Boolean(standing.typing));
    this.mark();
    this.seen();
  }

  /** Show for some seconds that the handler types. @param {boolean} on */
  typing(on) {
    clearTimeout(this.ends);
    const near = this.log.nearEnd();
    byId("typing-person").hidden = !on;
    if (on && near) this.log.toEnd();
    if (on) this.ends = setTimeout(() => this.typing(false), GONE);
  }

  /** Say under the customer's last words whether a person has read them. */
  mark() {
    const own = [...this.log.list.querySelectorAll(".msg--customer[data-seq]")].at(-1);
    const found = this.log.list.querySelector(".msg__mark");
    if (!this.human || !own) return found?.remove();
    const words = Number(own.getAttribute("data-seq")) <= this.standing.read_seq ? "已读" : "已送达";
    const mark = found ?? el("span", { class: "msg__mark" });
    if (mark.textContent !== words) mark.textContent = words;
    if (!own.contains(mark)) own.querySelector(".msg__main")?.append(mark);
    if (this.log.following) this.log.toEnd();
  }

  /** Tell the server how far the customer has read, as long as a person may want to know. */
  seen() {
    const { seq } = this.log;
    if (this.standing.mode === "bot" || document.hidden || seq <= this.read) return;
    this.read = seq;
    call("POST", "/api/chat/read", { seq }).catch(() => {
      this.read = 0;
    });
  }

  /** @param {HTMLTextAreaElement} field */
  #types(field) {
    if (!this.human || !field.value || Date.now() - this.told < TYPING) return;
    this.told = Date.now();
    call("POST", "/api/chat/typing", {}).catch(() => undefined);
  }

  /** @param {(standing: Standing) => void} changed */
  async #stopWaiting(changed) {
    try {
      changed(await call("DELETE", "/api/chat/waiting"));
      byId("text").focus();
    } catch {
      // the standing that is pushed says what became of it
    }
  }
}
