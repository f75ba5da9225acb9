/** An exam: one question at a time, answers saved as they are given, the server's clock, keys. */

import { Saving } from "./saving.js";

const page = /** @type {HTMLElement} */ (document.querySelector("[data-exam]"));
const total = Number(page.dataset.total);
const forms = /** @type {HTMLFormElement[]} */ ([...page.querySelectorAll("form[data-item]")]);
const attempt = page.dataset.exam ?? "";
const handIn = `/training/exams/${attempt}/hand-in`;
let here = Number(page.dataset.here);

/** @param {string} name @returns {HTMLElement} */
const part = (name) => /** @type {HTMLElement} */ (page.querySelector(`[data-${name}]`));
/** @param {number} index @returns {HTMLElement} */
const place = (index) => /** @type {HTMLElement} */ (page.querySelector(`[data-jump="${index}"]`));
/** @param {number} index */
const form = (index) => forms[index - 1];
/** @param {number} index @returns {HTMLInputElement[]} */
const inputs = (index) => [.../** @type {NodeListOf<HTMLInputElement>} */ (form(index).querySelectorAll('input[name="given"]'))];
/** @param {number} index @returns {HTMLInputElement} */
const flag = (index) => /** @type {HTMLInputElement} */ (form(index).querySelector('input[name="flag"]'));

/** @param {number} index @returns {string[]} what is picked or written now */
function given(index) {
  const all = inputs(index);
  if (all[0].type === "text") return all[0].value.trim() ? [all[0].value.trim()] : [];
  return all.filter((one) => one.checked).map((one) => one.value);
}

/** Show an answer. @param {number} index @param {string[]} answer */
function put(index, answer) {
  for (const one of inputs(index)) {
    if (one.type === "text") one.value = answer.join("");
    else one.checked = answer.includes(one.value);
  }
}

/** Bring the list of numbers and the progress up to date. */
function tell() {
  let answered = 0;
  for (let index = 1; index <= total; index += 1) {
    const done = given(index).length > 0;
    const flagged = flag(index).checked;
    answered += Number(done);
    const link = place(index);
    link.toggleAttribute("data-done", done);
    link.toggleAttribute("data-flag", flagged);
    if (index === here) link.setAttribute("aria-current", "step");
    else link.removeAttribute("aria-current");
    const words = link.querySelector("[data-words]");
    if (words) words.textContent = `${done ? "，已答" : ""}${flagged ? "，已标记" : ""}`;
  }
  part("answered").textContent = String(answered);
  part("here-no").textContent = String(here);
  /** @type {HTMLProgressElement} */ (part("bar")).value = answered;
}

/** Show another question. @param {number} index */
function show(index) {
  if (index < 1 || index > total) return;
  save(here);
  form(here).hidden = true;
  here = index;
  form(here).hidden = false;
  history.replaceState(null, "", `?q=${here}`);
  tell();
  (inputs(here).find((one) => one.checked) ?? inputs(here)[0]).focus({ preventScroll: true });
  window.scrollTo({ top: 0 });
}

/** @param {number} index @param {string} words "" hides it */
function problem(index, words) {
  const shown = /** @type {HTMLElement} */ (form(index).querySelector("[data-problem]"));
  shown.textContent = words;
  shown.hidden = !words;
}

/** @param {string} words @param {boolean} [stays] */
function news(words, stays = true) {
  const box = part("news");
  box.className = stays ? "note note--warn" : "note";
  box.textContent = words;
  box.hidden = !words;
}

/** What was last sent or seen of each question, so that nothing is sent twice. @type {string[]} */
const known = forms.map((_, i) => JSON.stringify(given(i + 1)));

const saving = new Saving(attempt, {
  seen: (index) => Number(form(index).dataset.seq),
  saved(index, kept) {
    form(index).dataset.seq = String(kept.seq);
    problem(index, "");
    news("");
    if (kept.left !== null) setClock(kept.left);
  },
  state(words) {
    const now = new Date().toLocaleTimeString("zh-CN", { hour12: false });
    part("saved").textContent = { saving: "正在保存…", saved: `已保存 ${now}`, offline: "连不上，答案已记在本机" }[words];
    if (words === "offline") news("网络断了。答案已记在本机，连上后自动保存，您可以继续作答。");
  },
  refused(index, trouble, data) {
    if (trouble.code === "time_over" || trouble.code === "attempt_finished") {
      location.assign(`/training/attempts/${attempt}/result`);
    } else if (trouble.code === "changed_elsewhere") {
      form(index).dataset.seq = String(data.seq);
      put(index, data.given);
      known[index - 1] = JSON.stringify(given(index));
      problem(index, trouble.message);
      if (index !== here) show(index);
      tell();
    } else if (trouble.status === 401 || trouble.status === 403) {
      news("登录已过期，答案已记在本机。请重新登录，回到这一页会自动保存。");
    } else {
      problem(index, trouble.message);
    }
  },
});

/** Save a question where it differs from what is known. @param {number} index */
function save(index) {
  const answer = given(index);
  const said = JSON.stringify(answer);
  if (said === known[index - 1]) return;
  known[index - 1] = said;
  problem(index, "");
  saving.add(index, { given: answer });
}

let typing = 0;
for (const one of forms) {
  const index = Number(one.dataset.item);
  one.addEventListener("change", (event) => {
    if (event.target === flag(index)) saving.add(index, { flagged: flag(index).checked });
    else save(index);
    tell();
  });
  one.addEventListener("input", (event) => {
    if (!(event.target instanceof HTMLInputElement) || event.target.type !== "text") return;
    tell();
    clearTimeout(typing);
    typing = window.setTimeout(() => save(index), 1200);
  });
  one.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = /** @type {HTMLElement | null} */ (event.submitter);
    const go = Number(button?.dataset.go ?? (index < total ? index + 1 : 0));
    if (go && !button?.hasAttribute("data-end")) show(go);
    else leave();
  });
}

for (const link of page.querySelectorAll("[data-jump]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    show(Number(/** @type {HTMLElement} */ (link).dataset.jump));
  });
}

/** Go to the last page once everything has arrived. */
async function leave() {
  save(here);
  await saving.send();
  if (saving.empty) location.assign(handIn);
  else news("还有答案没有保存上，请等网络恢复后再交卷。");
}

part("hand-in").addEventListener("click", (event) => {
  event.preventDefault();
  leave();
});

// ---- the clock: what the server said was left, counted on from then ----

let end = Infinity;
let told = Infinity;
/** @param {number} left seconds */
function setClock(left) {
  end = performance.now() + left * 1000;
  tick();
}

/** @param {number} left seconds @returns {string} */
function clockWords(left) {
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const hours = Math.floor(left / 3600);
  const minutes = Math.floor(left / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(left % 60)}` : `${minutes}:${two(left % 60)}`;
}

function tick() {
  if (end === Infinity) return;
  const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
  const clock = part("clock");
  clock.textContent = clockWords(left);
  clock.parentElement?.classList.toggle("exam__clock--late", left <= 300);
  for (const mark of [300, 60]) {
    if (left <= mark && told > mark) part("say").textContent = `还剩 ${mark / 60} 分钟`;
  }
  told = Math.min(told, left);
  if (left === 0) finish();
}

let finishing = false;
/** Time is up: send what waits; the server has the rest and ends the paper by itself. */
async function finish() {
  if (finishing) return;
  finishing = true;
  news("时间到，正在交卷。");
  save(here);
  await saving.send();
  window.setTimeout(() => location.assign(`/training/attempts/${attempt}/result`), 2500);
}

if (page.dataset.left !== undefined) {
  setClock(Number(page.dataset.left));
  window.setInterval(tick, 500);
}

// ---- keys ----

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const writes = event.target instanceof HTMLInputElement && event.target.type === "text";
  if (event.key === "Enter" && !(event.target instanceof HTMLButtonElement || event.target instanceof HTMLAnchorElement)) {
    event.preventDefault();
    if (here < total) show(here + 1);
    else leave();
    return;
  }
  if (writes) return;
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    event.preventDefault();
    show(here + (event.key === "ArrowLeft" ? -1 : 1));
  } else if (event.key === "f" || event.key === "F") {
    const all = inputs(here);
    if (all.some((one) => one.value === "F")) return pick(all.find((one) => one.value === "F"));
    flag(here).click();
  } else {
    const all = inputs(here);
    const byPlace = /^[1-9]$/u.test(event.key) ? all[Number(event.key) - 1] : undefined;
    const found = byPlace ?? all.find((one) => one.value === event.key.toUpperCase());
    if (found) {
      event.preventDefault();
      pick(found);
    }
  }
});

/** @param {HTMLInputElement | undefined} input */
function pick(input) {
  if (!input || input.type === "text") return;
  input.focus();
  input.click();
}

// ---- what was answered before the page was left, and has not arrived ----

for (const [index, wanted] of Object.entries(saving.waiting)) {
  if (wanted.given) put(Number(index), wanted.given);
  if (wanted.flagged !== undefined) flag(Number(index)).checked = wanted.flagged;
}
tell();
(inputs(here).find((one) => one.checked) ?? inputs(here)[0]).focus({ preventScroll: true });
if (!saving.empty) saving.send();
window.addEventListener("beforeunload", (event) => {
  if (!saving.empty) event.preventDefault();
});
