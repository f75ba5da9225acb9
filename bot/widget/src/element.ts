/** `<wenjin-chat>`: the chat as an element, in a panel behind a button or over the whole page. */

import { Api, type Identity } from "./api";
import { Chat } from "./chat";
import { el, icon, tell } from "./dom";
import { type Memory, memoryIn } from "./memory";
import { home } from "./home";
import { sheets } from "./styles";
import { languageOf, type Words, wordsOf } from "./words";

const KNOWN = "known";
const REBUILD = new Set(["server", "token", "lang", "full", "heading"]);

/** What is on the page of one element, until it is built anew. */
interface Built {
  chat: Chat;
  words: Words;
  shell: HTMLElement;
  launcher: HTMLButtonElement;
  badge: HTMLElement;
  memory: Memory;
  life: AbortController;
}

export class WenjinChat extends HTMLElement {
  static readonly observedAttributes = ["server", "token", "lang", "theme", "full", "open", "heading"];

  private giver: Identity | null = null;
  private built: Built | null = null;
  private unread = 0;
  private pageTitle = "";

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = sheets();
  }

  connectedCallback(): void {
    const early = Object.getOwnPropertyDescriptor(this, "getToken"); // set before the element was defined
    if (early) {
      Reflect.deleteProperty(this, "getToken");
      this.giver = early.value as Identity | null;
    }
    this.build();
  }

  disconnectedCallback(): void {
    this.take();
  }

  attributeChangedCallback(name: string, old: string | null, now: string | null): void {
    if (!this.built || old === now) return;
    if (REBUILD.has(name)) this.build();
    else if (name === "open") this.turn(now !== null);
  }

  /** Returns the host's signed token of who the customer is; asked again whenever a session is opened. */
  get getToken(): Identity | null {
    return this.giver;
  }

  set getToken(giver: Identity | null) {
    this.giver = giver;
    if (this.built) this.build();
  }

  /** Open the panel. */
  show(): void {
    this.setAttribute("open", "");
  }

  /** Close the panel. */
  hide(): void {
    this.removeAttribute("open");
  }

  private get full(): boolean {
    return this.hasAttribute("full");
  }

  private get attending(): boolean {
    return !document.hidden && (this.full || this.hasAttribute("open"));
  }

  private build(): void {
    this.take();
    const language = languageOf(this.getAttribute("lang") ?? this.closest("[lang]")?.getAttribute("lang"));
    const words = wordsOf(language);
    const server = (this.getAttribute("server") ?? home()).replace(/\/+$/u, "");
    const memory = memoryIn(() => localStorage, `wenjin:${server}:`);
    const drafts = memoryIn(() => sessionStorage, `wenjin:${server}:`);
    const chat = new Chat({
      api: new Api({ server, identity: this.identity(), memory, words }),
      words, language, memory, drafts,
      full: this.full,
      attending: () => this.attending,
      unread: (count) => this.count(count),
    });
    const life = new AbortController();
    const badge = el("span", { class: "badge", "aria-hidden": "true", hidden: true });
    const launcher = el("button", { class: "launcher", type: "button", "aria-label": words.launch, "aria-expanded": "false", onclick: () => this.toggleAttribute("open") },
      icon("chat"), badge);
    const heading = this.getAttribute("heading");
    const header = (heading || !this.full) && this.header(heading ?? words.heading, words);
    const shell = el("div", { class: this.full ? "shell shell--full" : "shell", lang: language === "en" ? "en" : "zh-CN" }, header, chat.shell.room);
    if (!this.full) {
      for (const [name, value] of Object.entries({ role: "dialog", "aria-label": heading ?? words.heading })) shell.setAttribute(name, value);
      shell.addEventListener("keydown", (event) => this.key(event));
    }
    chat.sheet.dialog.classList.toggle("sheet--panel", !this.full);
    this.shadowRoot?.replaceChildren(...(this.full ? [shell] : [shell, launcher]), chat.sheet.dialog);
    this.built = { chat, words, shell, launcher, badge, memory, life };
    followKeyboard(shell, life.signal);
    this.begin();
  }

  /** A page is not a conversation: who never opened the panel costs the server nothing. */
  private begin(): void {
    const { chat, shell, memory } = this.built!;
    if (this.full) {
      this.start();
      if (matchMedia("(min-width: 720px) and (pointer: fine)").matches) chat.focus();
      return;
    }
    shell.hidden = true;
    if (memory.get(KNOWN)) chat.start();
    if (this.hasAttribute("open")) this.turn(true, false);
  }

  private start(): void {
    const { chat, memory } = this.built!;
    memory.set(KNOWN, "1");
    chat.start();
  }

  private identity(): Identity | null {
    const token = this.getAttribute("token");
    return this.giver ?? (token ? () => token : null);
  }

  private header(heading: string, words: Words): HTMLElement {
    return el("header", { class: "head" },
      el("span", { class: "face face--bot" }, icon("ford")), el("p", { class: "head__title", text: heading }),
      !this.full && el("button", { class: "btn btn--plain btn--icon", type: "button", "aria-label": words.close, onclick: () => this.hide() }, icon("cross")));
  }

  private key(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.isComposing || event.keyCode === 229) return;
    event.stopPropagation();
    this.hide();
  }

  /** Open or close the panel, and put the focus where its owner expects it. */
  private turn(on: boolean, byHand = true): void {
    const { chat, shell, launcher } = this.built!;
    if (this.full) return;
    const within = shell.contains(this.shadowRoot?.activeElement ?? null) || chat.sheet.dialog.open;
    shell.hidden = !on;
    launcher.setAttribute("aria-expanded", String(on));
    if (on) {
      this.start();
      chat.appear();
      if (byHand) this.settle();
    } else {
      chat.sheet.dialog.close();
      if (within) launcher.focus();
    }
    this.dispatchEvent(new CustomEvent(on ? "wenjin-open" : "wenjin-close", { bubbles: true, composed: true }));
  }

  /** On a phone the input would bring up the keyboard at once, so there the conversation takes the focus. */
  private settle(): void {
    const { chat } = this.built!;
    if (matchMedia("(pointer: fine)").matches) chat.focus();
    else chat.shell.scroll.focus({ preventScroll: true });
  }

  private count(unread: number): void {
    if (!this.built || unread === this.unread) return;
    this.unread = unread;
    const { badge, launcher, words } = this.built;
    badge.hidden = unread === 0;
    tell(badge, unread > 99 ? "99+" : String(unread));
    launcher.setAttribute("aria-label", unread ? words.launchUnread(unread) : words.launch);
    if (this.full) this.entitle(unread);
    this.dispatchEvent(new CustomEvent("wenjin-unread", { detail: { count: unread }, bubbles: true, composed: true }));
  }

  private entitle(unread: number): void {
    if (unread && !this.pageTitle) this.pageTitle = document.title;
    if (this.pageTitle) document.title = unread ? `（${unread}）${this.pageTitle}` : this.pageTitle;
    if (!unread) this.pageTitle = "";
  }

  private take(): void {
    this.built?.chat.stop();
    this.built?.life.abort();
    this.built = null;
    this.unread = 0;
  }
}

/** Keep the chat above a keyboard that covers the page instead of making it smaller. */
function followKeyboard(shell: HTMLElement, signal: AbortSignal): void {
  const view = window.visualViewport;
  if (!view) return;
  const fit = (): void => {
    const covered = Math.max(0, window.innerHeight - view.height - view.offsetTop);
    shell.style.setProperty("--keyboard", view.scale === 1 ? `${covered}px` : "0px");
  };
  view.addEventListener("resize", fit, { signal });
  view.addEventListener("scroll", fit, { signal });
}
