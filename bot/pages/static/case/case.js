/** The customer's pages work without this; with it drafts are kept, files are checked before they travel, news appear. */

import { call } from "../api.js";
import { keepDrafts } from "../drafts.js";

const LOOK = 15000;
const LIVE = ["standing", "timeline"]; // what changes by itself; nothing that somebody may be typing in

/** Say what is wrong with the chosen files, and let none of them be sent while something is. */
function checkFiles(/** @type {HTMLInputElement} */ field) {
  const files = [...(field.files ?? [])];
  const most = Number(field.dataset.most);
  const largest = Number(field.dataset.largest);
  const all = files.reduce((sum, file) => sum + file.size, 0);
  const tooLarge = files.find((file) => file.size > largest);
  let problem = "";
  if (files.length > most) problem = `最多选 ${most} 个文件。`;
  else if (tooLarge) problem = `${tooLarge.name} 超过 10 MB，请压缩后再选。`;
  else if (all > Number(field.dataset.all)) problem = "这些文件合计超过 30 MB，请分几次传。";
  field.setCustomValidity(problem);
  const shown = document.getElementById("files-problem");
  if (shown) shown.textContent = problem;
}

/** A form that is on its way is not sent again by an impatient click; the key would make it harmless anyway. */
function sendOnce(/** @type {HTMLFormElement} */ form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => delete form.dataset.sent);
}

/** Put what has changed on the server into this page. */
async function renew(/** @type {HTMLElement} */ main) {
  const answer = await fetch(main.dataset.base ?? "", { credentials: "same-origin", referrerPolicy: "no-referrer" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of LIVE) {
    const part = fresh.getElementById(id);
    if (part) document.getElementById(id)?.replaceWith(document.adoptNode(part));
  }
  main.dataset.version = fresh.getElementById("main")?.dataset.version ?? main.dataset.version;
}

async function look(/** @type {HTMLElement} */ main) {
  if (document.visibilityState !== "visible") return;
  try {
    const { version } = await call("GET", `${main.dataset.base}/news`);
    if (String(version) !== main.dataset.version) await renew(main);
  } catch {
    // the next look will tell
  }
}

keepDrafts();
for (const field of document.querySelectorAll("input[type=file]")) {
  field.addEventListener("change", () => checkFiles(/** @type {HTMLInputElement} */ (field)));
}
for (const form of document.querySelectorAll("form[data-once]")) sendOnce(/** @type {HTMLFormElement} */ (form));
const main = document.getElementById("main");
if (main?.dataset.base) {
  setInterval(() => look(main), LOOK);
  document.addEventListener("visibilitychange", () => look(main));
}
