/** A live conversation with a customer: turns come as they are said, both sides see who types and what was read. */

import { call } from "../api.js";
import { composing, el, icon } from "../dom.js";
import { suggest } from "./suggestions.js";
import { visit } from "./swap.js";

const HIDDEN = 10000;
const TYPING = 2000;
const GONE = 5000;
const AGAIN = 3000;

/** @type {Live | null} */
let followed = null;

/** Follow the conversation that the page shows, if it shows a live one, and no longer the one before. */
export function followConversation() {
  const pane = /** @type {HTMLElement | null} */ (document.querySelector("[data-handover]"));
  if (followed?.pane === pane) return;
  followed?.end();
  followed = pane && new Live(pane);
  followed?.begin();
}

class Live {
  /** @param {HTMLElement} pane */
  constructor(pane) {
    this.pane = pane;
    this.path = `/desk/handovers/${pane.dataset.handover}`;
    this.list = /** @type {HTMLElement} */ (pane.querySelector("#turns"));
    this.field = /** @type {HTMLTextAreaElement | null} */ (pane.querySelector("[data-enter]"));
    this.own = Boolean(pane.dataset.own);
    this.last = Number(pane.dataset.last);
    this.read = 0;
    /** what of one's own the customer has read */
    this.customerRead = 0;
    this.customerHere = false;
    /** @type {EventSource | null} */
    this.source = null;
    this.timer = 0;
    this.typingEnds = 0;
    this.connect = () => this.#connect();
    /** whether the reader is at the end: a pane that is still being laid out must not hide the last words */
    this.following = true;
    this.resized = new ResizeObserver(() => this.following && this.toEnd());
    this.title = document.title;
  }

  begin() {
    this.toEnd();
    this.list.addEventListener("scroll", () => (this.following = this.#nearEnd()), { passive: true });
    this.resized.observe(this.list);
    if (this.field) this.#reply(this.field);
    if (!this.pane.dataset.live) return;
    document.addEventListener("visibilitychange", this.connect);
    this.#connect();
    if (this.own) this.#suggestFirst();
    this.pane.querySelector("[data-register]")?.addEventListener("toggle", () => this.#fillMatter());
    this.field?.focus();
  }

  end() {
    document.removeEventListener("visibilitychange", this.connect);
    clearTimeout(this.timer);
    clearTimeout(this.typingEnds);
    this.source?.close();
    this.resized.disconnect();
  }

  #nearEnd() {
    return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 120;
  }

  toEnd() {
    this.list.scrollTop = this.list.scrollHeight;
  }

  /** A page in front listens; one behind looks now and then, so that many open pages do not use up the connections. */
  #connect() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
    if (document.hidden) {
      this.timer = setTimeout(() => void this.#look(), HIDDEN);
      return;
    }
    document.title = this.title;
    this.source = new EventSource(`${this.path}/events?after=${this.last}`);
    this.source.addEventListener("turns", (event) => this.#turns(JSON.parse(event.data)));
    this.source.addEventListener("standing", (event) => this.#standing(JSON.parse(event.data)));
    this.source.addEventListener("error", () => {
      this.#here("连接断开，正在重连", "alert", "warn");
      this.source?.close();
      this.timer = setTimeout(() => this.#connect(), AGAIN);
    });
    this.#markRead();
  }

  async #look() {
    try {
      const response = await fetch(`${this.path}/turns?after=${this.last}`, { credentials: "same-origin" });
      if (response.ok && !response.redirected) this.#turns(await response.text());
    } catch {
      // the next look says more
    }
    if (document.hidden) this.timer = setTimeout(() => void this.#look(), HIDDEN);
  }

  /** @param {string} html turns as the server's own template made them, in which everything is escaped */
  #turns(html) {
    const near = this.#nearEnd();
    const steps = [...new DOMParser().parseFromString(html, "text/html").querySelectorAll(".step")];
    for (const step of /** @type {HTMLElement[]} */ (steps)) {
      const seq = Number(step.dataset.seq);
      if (seq <= this.last) continue;
      this.last = seq;
      step.setAttribute("data-came", "");
      this.list.append(step);
      if (step.classList.contains("step--customer")) this.#typing(false);
      if (this.own && step.hasAttribute("data-asks")) void suggest(this.path, step, (text) => this.#quote(text), () => this.toEnd());
    }
    if (document.hidden && steps.some((step) => step.classList.contains("step--customer"))) document.title = `（新消息）${this.title}`;
    this.#marks();
    if (near) this.toEnd();
    this.#markRead();
  }

  /** @param {{state: string, own: boolean, here: boolean, typing: boolean, read_seq: number}} standing */
  #standing(standing) {
    if (standing.state !== this.pane.dataset.state || (standing.state === "taken" && standing.own !== this.own)) {
      this.end();
      return void visit(location.href, { quiet: true });
    }
    this.customerRead = standing.read_seq;
    this.customerHere = standing.here;
    if (standing.here) this.#here("客户在线", "person", "accent");
    else this.#here("客户已离开", "clock", "");
    this.#typing(standing.typing && this.own);
    this.#marks();
  }

  /** @param {string} words @param {string} sign @param {string} level */
  #here(words, sign, level) {
    const tag = this.pane.querySelector("#live-here");
    if (!tag || tag.textContent === words) return;
    tag.className = `tag live__here${level ? ` tag--${level}` : ""}`;
    tag.replaceChildren(icon(sign), words);
  }

  /** @param {boolean} on */
  #typing(on) {
    clearTimeout(this.typingEnds);
    const line = this.pane.querySelector("#live-typing");
    if (line) line.textContent = on ? "客户正在输入…" : "";
    if (on) this.typingEnds = setTimeout(() => this.#typing(false), GONE);
  }

  /** Say under one's own last words whether they were read. */
  #marks() {
    const own = [...this.list.querySelectorAll(".step--handler")].at(-1);
    const words = own && (Number(own.getAttribute("data-seq")) <= this.customerRead ? "客户已读"
      : this.customerHere ? "已送达，客户未读" : "客户不在线，回来后会看到");
    const mark = this.list.querySelector(".live__mark") ?? el("p", { class: "live__mark" });
    if (mark.textContent !== words) mark.textContent = words ?? "";
    const place = own?.querySelector("div");
    if (place && mark.parentElement !== place) place.append(mark);
  }

  #markRead() {
    if (!this.own || document.hidden || this.last <= this.read) return;
    const seq = this.last;
    this.read = seq;
    call("POST", `${this.path}/read`, { seq }).catch(() => {
      this.read = 0;
    });
  }

  #suggestFirst() {
    const asking = [...this.list.querySelectorAll("[data-asks]")];
    const answered = Number([...this.list.querySelectorAll(".step--handler")].at(-1)?.getAttribute("data-seq") ?? 0);
    const open = asking.find((step) => step.getAttribute("data-seq") === this.pane.dataset.open);
    const since = asking.filter((step) => Number(step.getAttribute("data-seq")) > Math.max(answered, Number(this.pane.dataset.open))).slice(-2);
    const wanted = answered ? since : [open, ...since];
    for (const step of wanted) if (step) void suggest(this.path, step, (text) => this.#quote(text), () => this.toEnd());
  }

  /** Begin a complaint with what the customer has said meanwhile, unless the handler has changed it. */
  #fillMatter() {
    const field = /** @type {HTMLTextAreaElement} */ (this.pane.querySelector('[name="matter"]'));
    if (field.value !== field.defaultValue) return;
    const fresh = [...this.list.querySelectorAll("[data-asks][data-came] .step__text")].map((text) => text.textContent?.trim() ?? "");
    field.value = [field.defaultValue, ...fresh].filter(Boolean).join("\n").slice(0, field.maxLength);
  }

  /** @param {string} text */
  #quote(text) {
    if (!this.field) return;
    this.field.value = this.field.value ? `${this.field.value}\n${text}` : text;
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
    this.field.focus();
  }

  /** @param {HTMLTextAreaElement} field */
  #reply(field) {
    let told = 0;
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || composing(event)) return;
      event.preventDefault();
      if (field.value.trim()) field.form?.requestSubmit();
    });
    field.addEventListener("input", () => {
      if (!field.value || Date.now() - told < TYPING) return;
      told = Date.now();
      call("POST", `${this.path}/typing`, {}).catch(() => undefined);
    });
    field.form?.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send(field);
    });
    const canned = /** @type {HTMLSelectElement | null} */ (this.pane.querySelector("#canned"));
    canned?.addEventListener("change", () => {
      if (canned.value) this.#quote(canned.value);
      canned.value = "";
    });
  }

  /** Send the reply; what does not arrive stays in the field, and sent again it is said once. @param {HTMLTextAreaElement} field */
  async #send(field) {
    const form = /** @type {HTMLFormElement} */ (field.form);
    const key = /** @type {HTMLInputElement} */ (form.elements.namedItem("key"));
    const button = /** @type {HTMLButtonElement} */ (form.querySelector("[type=submit]"));
    const problem = this.pane.querySelector("#live-problem");
    if (button.disabled || !field.value.trim()) return;
    button.disabled = true;
    const body = new URLSearchParams(/** @type {any} */ (new FormData(form)));
    try {
      const response = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" }, credentials: "same-origin" });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.detail);
      field.value = "";
      field.dispatchEvent(new Event("input", { bubbles: true }));
      key.value = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
      if (problem) problem.textContent = "";
      this.toEnd();
    } catch (error) {
      const words = error instanceof TypeError || error instanceof SyntaxError ? "没有发送成功，内容还在，请再发一次。" : /** @type {Error} */ (error).message;
      if (problem) problem.textContent = words;
    }
    button.disabled = false;
    field.focus();
  }
}
