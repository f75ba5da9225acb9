/** One chat: session, history, log, composer, sheet and pushed messages put together. */

import { type Api, Problem } from "./api";
import { Composer } from "./composer";
import { el, tell } from "./dom";
import { Events } from "./events";
import { Files } from "./files";
import type { Kit } from "./kit";
import { Letters } from "./letters";
import { Live } from "./live";
import { Log } from "./log";
import type { Memory } from "./memory";
import { Outbox } from "./outbox";
import { Sheet } from "./sheet";
import { makeShell, type Shell } from "./shell";
import type { Message, Session } from "./types";
import type { Language, Words } from "./words";

const FIRST = 1000;
const LONGEST = 30_000; // ms
const EXAMPLES = 4;
const READ = "read";

export interface Setting {
  api: Api;
  words: Words;
  language: Language;
  full: boolean;
  memory: Memory;
  drafts: Memory;
  /** whether the customer sees the chat now */
  attending: () => boolean;
  unread: (count: number) => void;
}

export class Chat {
  readonly shell: Shell;
  readonly sheet: Sheet;
  private readonly kit: Kit;
  private readonly log: Log;
  private readonly outbox: Outbox;
  private readonly composer: Composer;
  private readonly live: Live;
  private readonly events: Events;
  private readonly life = new AbortController();
  private conversation = "";
  private started = false;

  constructor(private readonly setting: Setting) {
    const { api, words, language, memory, drafts, full, attending } = setting;
    const manual = { title: words.manualDefault, edition: "wenjin" };
    const shell = makeShell(words, full);
    this.shell = shell;
    this.sheet = new Sheet(api, words, () => manual.title);
    const hands = { send: (text: string, shown?: string) => this.choose(text, shown), open: this.sheet.open.bind(this.sheet) };
    this.kit = { api, words, language, manual, hands };
    this.log = new Log(shell, this.kit, this.life.signal);
    this.live = new Live({ ...shell, typing: shell.typingPerson }, this.kit, this.log, attending);
    this.log.added = () => this.noticed();
    this.composer = new Composer(shell, words, drafts, (text) => this.send(text));
    const desk = { busy: (on: boolean) => this.busy(on), back: (text: string) => this.composer.put(text), renew: () => this.renew(), arrived: () => this.events.hurry() };
    this.outbox = new Outbox(this.kit, this.log, new Letters(memory, () => this.conversation), desk);
    this.events = new Events(api, {
      seq: () => this.log.whole,
      take: (messages) => this.take(messages),
      standing: (standing) => this.live.take(standing),
      connected: (on) => this.connected(on),
      renew: () => this.renew(),
    }, this.life.signal);
    new Files(shell, this.kit, this.log, () => this.events.refresh());
    this.quick(words.quickActions);
    this.expect();
    document.addEventListener("visibilitychange", () => this.attend(), { signal: this.life.signal });
  }

  /** Begin the conversation, or go on with it; called again it does nothing. */
  start(): void {
    if (this.started) return;
    this.started = true;
    void this.begin();
  }

  /** End all that runs. */
  stop(): void {
    this.life.abort();
  }

  /** Note that the customer sees the chat: nothing is unread any more. */
  attend(): void {
    if (!this.setting.attending()) return;
    this.setting.memory.set(READ, `${this.conversation} ${this.log.seq}`);
    this.setting.unread(0);
    this.live.seen();
  }

  /** Put the reader at the end and the input in shape, after the chat became visible. */
  appear(): void {
    this.composer.fit();
    this.log.toEnd();
    this.attend();
  }

  focus(): void {
    this.shell.field.focus();
  }

  /** A choice was pressed: where there is a keyboard, the focus goes to the input, for the button is switched off. */
  private choose(text: string, shown?: string): void {
    this.send(text, shown);
    if (matchMedia("(hover: hover) and (pointer: fine)").matches) this.focus();
  }

  private send(text: string, shown?: string): void {
    this.shell.suggestions.hidden = true;
    this.outbox.send(text, shown);
  }

  private busy(on: boolean): void {
    this.shell.typing.hidden = !on || this.live.human;
    if (on) this.log.toEnd();
  }

  private connected(on: boolean): void {
    const { words } = this.kit;
    tell(this.shell.status, on ? "" : navigator.onLine ? words.offline : words.noNetwork);
    if (on) this.outbox.resume();
  }

  private take(messages: Message[]): void {
    if (messages.length) this.shell.suggestions.hidden = true;
    if (messages.some((m) => m.actor === "handler")) this.live.typing(false);
    this.outbox.receive(messages);
  }

  private noticed(): void {
    this.live.mark();
    if (this.setting.attending()) this.attend();
    else this.setting.unread(this.unread());
  }

  /** Count what bot and people said since the customer last looked. */
  private unread(): number {
    const [conversation, seq] = (this.setting.memory.get(READ) ?? "").split(" ");
    const read = conversation === this.conversation ? Number(seq) : 0;
    return [...this.log.list.querySelectorAll<HTMLElement>(".msg--bot[data-seq], .msg--handler[data-seq]")]
      .filter((node) => Number(node.dataset["seq"]) > read).length;
  }

  private quick(actions: string[][]): void {
    const chips = actions.map(([title = "", text = ""]) =>
      el("button", { class: "chip", type: "button", "data-send": text, text: title, onclick: () => this.choose(text) }));
    this.shell.quick.append(...chips);
  }

  /** Keep the space of the first questions until they are known. */
  private expect(): void {
    const waiting = (): HTMLElement => el("span", { class: "suggestion suggestion--wait", "aria-hidden": "true" });
    this.shell.suggestions.replaceChildren(...Array.from({ length: EXAMPLES }, waiting));
  }

  private suggest(questions: string[]): void {
    const { suggestions } = this.shell;
    suggestions.replaceChildren(...questions.slice(0, EXAMPLES).map((text) =>
      el("button", { class: "suggestion", type: "button", text, onclick: () => this.choose(text) })));
    suggestions.hidden = questions.length === 0;
  }

  /** Show a session's history; another conversation than before starts on an empty page. */
  private show(session: Session): void {
    if (this.conversation && this.conversation !== session.conversation_id) this.log.clear();
    this.conversation = session.conversation_id;
    if (session.edition) this.kit.manual.edition = session.edition;
    if (session.manual_title) {
      this.kit.manual.title = session.manual_title;
      tell(this.shell.intro, this.kit.words.intro(session.manual_title));
    }
    if (session.staff && !this.shell.quick.querySelector("[data-staff]")) {
      this.quick([this.kit.words.quickStaff]);
      this.shell.quick.lastElementChild?.setAttribute("data-staff", "");
    }
    this.log.history(session.messages);
    if (session.standing) this.live.take(session.standing);
  }

  /** Ask for a session again, for when the server no longer knows this one. */
  private async renew(): Promise<void> {
    this.show(await this.setting.api.renew());
  }

  private async begin(pause = FIRST): Promise<void> {
    if (this.life.signal.aborted) return;
    try {
      const session = await this.setting.api.open();
      if (this.life.signal.aborted) return;
      this.suggest(session.messages.length ? [] : session.suggestions);
      this.show(session);
      this.outbox.restore();
      this.connected(true);
      this.log.toEnd();
      this.events.open();
    } catch (problem) {
      this.connected(false);
      if (problem instanceof Problem && !problem.passing) tell(this.shell.status, problem.message);
      setTimeout(() => void this.begin(Math.min(pause * 2, LONGEST)), pause);
    }
  }
}
