/** The chat page: session, history, log, composer, sheet and pushed messages put together. */

import { call } from "../api.js";
import { byId, el } from "../dom.js";
import { makeComposer } from "./composer.js";
import { Events } from "./events.js";
import { makeFiles } from "./files.js";
import { Live } from "./live.js";
import { Log } from "./log.js";
import { Outbox } from "./outbox.js";
import { makeSheet } from "./sheet.js";

const status = byId("status");
const typing = byId("typing");
const suggestions = byId("suggestions");
const scroll = byId("scroll");
const title = document.title;
let unread = 0;
let conversation = "";

const hands = { send: (text, shown) => send(text, shown), open: makeSheet() };
const log = new Log({ list: byId("log"), scroll, more: byId("more") }, hands);
const outbox = new Outbox(log, { busy, back: (text) => composer.put(text), renew });
const composer = makeComposer((text) => send(text));
const live = new Live(log, (standing) => live.take(standing));
const events = new Events(() => log.seq, { take, standing: (standing) => live.take(standing), connected, renew });
makeFiles(log, () => events.refresh());

/** @param {string} text @param {string} [shown] */
function send(text, shown) {
  suggestions.hidden = true;
  outbox.send(text, shown);
}

/** @param {boolean} on */
function busy(on) {
  typing.hidden = !on || live.human;
  if (on) log.toEnd();
}

/** @param {boolean} on */
function connected(on) {
  status.textContent = on ? "" : "连接断开，正在重连";
}

/** @param {import("./types.js").Message[]} messages */
function take(messages) {
  if (messages.length) suggestions.hidden = true;
  if (messages.some((m) => m.actor === "handler")) live.typing(false);
  outbox.receive(messages);
  const others = messages.filter((m) => m.actor === "handler" || m.actor === "bot").length;
  if (document.hidden && others) document.title = `（${(unread += others)}）${title}`;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unread = 0;
  document.title = title;
});

/** Show four questions to begin with; the space for them is kept until they are known. @param {string[]} questions */
function suggest(questions) {
  const buttons = questions.slice(0, 4).map((text) => el("button", { class: "suggestion", type: "button", text, onclick: () => send(text) }));
  suggestions.replaceChildren(...buttons);
  suggestions.hidden = buttons.length === 0;
}

/** Show a session's history; another conversation than before starts on an empty page. @param {any} session */
function show(session) {
  if (conversation && conversation !== session.conversation_id) log.clear();
  conversation = session.conversation_id;
  log.add(session.messages);
  if (session.standing) live.take(session.standing);
}

/** Ask for a session again, for when the server no longer knows this one. */
async function renew() {
  show(await call("POST", "/api/chat/session", {}));
}

/** Begin or go on. @param {number} pause milliseconds before the next attempt */
async function begin(pause = 1000) {
  try {
    const session = await call("POST", "/api/chat/session", {});
    connected(true);
    suggest(session.messages.length ? [] : session.suggestions);
    show(session);
    log.toEnd();
    events.open();
  } catch {
    connected(false);
    setTimeout(() => void begin(Math.min(pause * 2, 30000)), pause);
  }
}

void begin();
if (matchMedia("(min-width: 720px)").matches) byId("text").focus();
