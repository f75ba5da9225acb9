/** Files in the chat: chosen, pasted or dropped; sent at once, each with its progress and its own words when it fails. */

import { call } from "../api.js";
import { byId, el, icon } from "../dom.js";

/** @typedef {import("./types.js").Message} Message */

const TYPES = new Set(["image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf"]);
const LARGEST = 10_000_000;
const PATIENCE = 120000;

/** @param {number} bytes @returns {string} */
export const sizeWords = (bytes) => (bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`);

/** Say why a file cannot be sent, "" where it can. @param {File} file @returns {string} */
function refusal(file) {
  if (!TYPES.has(file.type)) return "只能上传图片（JPG、PNG、GIF、WebP）或 PDF。";
  if (!file.size) return "文件是空的，请重新选择。";
  return file.size > LARGEST ? "文件超过 10 MB，请压缩后再传。" : "";
}

/**
 * Show a file that was sent: an image in a box of fixed size, anything else by name; taken back while no ticket has it.
 * @param {Message} message
 * @returns {HTMLElement}
 */
export function fileBubble({ data }) {
  const { file_id: id, name, size, media_type: type, place } = data;
  const box = el("div", { class: "file" });
  const gone = () => box.replaceChildren(el("p", { class: "bubble muted", text: `已移除：${name}` }));
  if (place === "gone") {
    gone();
    return box;
  }
  const href = `/api/chat/files/${encodeURIComponent(id)}`;
  const shown = type.startsWith("image/")
    ? el("a", { class: "file__image", href, target: "_blank", rel: "noopener" }, el("img", { src: href, alt: `图片 ${name}`, loading: "lazy", width: 200, height: 150 }))
    : el("a", { class: "bubble file__name", href, target: "_blank", rel: "noopener" }, icon("clip"), `${name}（${sizeWords(size)}）`);
  box.append(shown);
  if (place === "pending") {
    const line = el("p", { class: "file__note small", role: "status" }, "登记投诉时会一起提交 ");
    const remove = el("button", { class: "linkish", type: "button", text: "移除", "aria-label": `移除 ${name}`, onclick: async () => {
      try {
        await call("DELETE", href);
        gone();
      } catch (problem) {
        line.textContent = problem.message;
      }
    } });
    line.append(remove);
    box.append(line);
  }
  return box;
}

/**
 * Send one file and tell how far it is.
 * @param {File} file
 * @param {(part: number) => void} progress
 * @returns {Promise<void>}
 */
function upload(file, progress) {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/chat/files");
    request.timeout = PATIENCE;
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => event.lengthComputable && progress(event.loaded / event.total));
    request.addEventListener("load", () => {
      if (request.status < 300) return done();
      let detail = "";
      try {
        detail = JSON.parse(request.responseText).detail;
      } catch {
        // no words of ours
      }
      fail({ again: request.status === 429 || request.status >= 500, message: detail || "没有传成功，请再试一次。" });
    });
    for (const name of ["error", "timeout"]) {
      request.addEventListener(name, () => fail({ again: true, message: "网络断开，没有传成功。" }));
    }
    const form = new FormData();
    form.append("file", file);
    request.send(form);
  });
}

/**
 * Wire the button, pasting and dropping.
 * @param {import("./log.js").Log} log
 * @param {() => Promise<void>} refresh asks for what the server has now
 */
export function makeFiles(log, refresh) {
  const picker = /** @type {HTMLInputElement} */ (byId("files"));
  const page = byId("main");
  byId("attach").addEventListener("click", () => picker.click());
  picker.addEventListener("change", () => {
    sendAll(picker.files);
    picker.value = "";
  });
  byId("text").addEventListener("paste", (event) => {
    const files = event.clipboardData?.files;
    if (!files?.length) return;
    event.preventDefault();
    sendAll(files);
  });
  page.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    page.classList.add("chat--drop");
  });
  page.addEventListener("dragleave", (event) => {
    if (!page.contains(/** @type {Node | null} */ (event.relatedTarget))) page.classList.remove("chat--drop");
  });
  page.addEventListener("drop", (event) => {
    page.classList.remove("chat--drop");
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    sendAll(event.dataTransfer.files);
  });

  /** @param {FileList | null} files */
  function sendAll(files) {
    for (const file of files ?? []) void send(file);
  }

  /** @param {File} file */
  async function send(file) {
    const bar = /** @type {HTMLProgressElement} */ (el("progress", { max: 1, value: 0, "aria-label": `正在上传 ${file.name}` }));
    const box = el("div", { class: "bubble file__name" }, icon("clip"), `${file.name}（${sizeWords(file.size)}）`, bar);
    const node = el("div", { class: "msg msg--customer" }, el("div", { class: "msg__main" }, box));
    log.local(node);
    const failed = (message, again) => {
      const line = el("div", { class: "failed", role: "alert" }, el("span", { text: message }),
        again && el("button", { class: "linkish", type: "button", text: "再传一次", onclick: () => {
          node.remove();
          void send(file);
        } }),
        el("button", { class: "linkish", type: "button", text: "不传了", onclick: () => node.remove() }));
      bar.remove();
      node.classList.remove("msg--waiting");
      node.querySelector(".msg__main")?.append(line);
      log.toEnd();
    };
    const why = refusal(file);
    if (why) return failed(why, false);
    try {
      await upload(file, (part) => (bar.value = part));
      await refresh();
      node.remove();
    } catch (problem) {
      failed(problem.message, problem.again ?? true);
    }
  }
}
