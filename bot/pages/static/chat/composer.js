/** The input: grows to five lines, counts near its limit, keeps a draft, never sends while composing. */

import { byId } from "../dom.js";

export const LIMIT = 2000;
const NEAR = 1800;
const LINES = 136;
const DRAFT = "wenjin-draft";

/** Tell whether a key press belongs to an input method. @param {KeyboardEvent} event */
export const composing = (event) => event.isComposing || event.keyCode === 229;

/** Count characters as people do: one for an emoji or a rare character. @param {string} text */
export const size = (text) => [...text].length;

/**
 * Wire the composer.
 * @param {(text: string) => void} send
 * @returns {{put: (text: string) => void}}
 */
export function makeComposer(send) {
  const form = /** @type {HTMLFormElement} */ (byId("composer"));
  const field = /** @type {HTMLTextAreaElement} */ (byId("text"));
  const button = /** @type {HTMLButtonElement} */ (byId("send"));
  const counter = byId("counter");

  const fit = () => {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, LINES)}px`;
  };
  const check = () => {
    const count = size(field.value);
    const over = count > LIMIT;
    const shown = `${count.toLocaleString("zh-CN")} / ${LIMIT.toLocaleString("zh-CN")} 字`;
    counter.textContent = over ? `${shown}，请分几次发送` : count >= NEAR ? shown : "";
    counter.classList.toggle("counter--over", over);
    field.setAttribute("aria-invalid", String(over));
    button.disabled = over || !field.value.trim();
    sessionStorage.setItem(DRAFT, field.value);
    fit();
  };
  const submit = () => {
    check();
    if (button.disabled) return;
    const text = field.value.trim();
    field.value = "";
    check();
    send(text);
    field.focus();
  };

  field.addEventListener("input", check);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || composing(event)) return;
    event.preventDefault();
    submit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  for (const chip of form.querySelectorAll("[data-send]")) {
    chip.addEventListener("click", () => send(chip.getAttribute("data-send") ?? ""));
  }
  field.value = field.value || (sessionStorage.getItem(DRAFT) ?? "");
  check();
  return {
    put(text) {
      field.value = field.value ? `${text}\n${field.value}` : text;
      check();
      field.focus();
    },
  };
}
