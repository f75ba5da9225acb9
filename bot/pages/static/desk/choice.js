/** Several tickets at once: x chooses a line, u forgets the choice, the bar says how many. */

import { here } from "../lists.js";

/** @returns {HTMLInputElement[]} */
const boxes = () => [...document.querySelectorAll('[name="pick"]')].filter((box) => box instanceof HTMLInputElement);

/** Say how many are chosen. */
export function countChoice() {
  const place = document.getElementById("picked");
  if (place) place.textContent = String(boxes().filter((box) => box.checked).length);
}

/** Choose the line where one is, or leave it out again. */
export function toggleHere() {
  const box = here()?.parentElement?.querySelector('[name="pick"]');
  if (box instanceof HTMLInputElement) box.checked = !box.checked;
  countChoice();
}

/** Choose nothing. */
export function forgetChoice() {
  for (const box of boxes()) box.checked = false;
  countChoice();
}

/** Listen for boxes, and for filters that are changed: a list follows its filters at once. */
export function followChoice() {
  document.addEventListener("change", (event) => {
    const field = event.target instanceof Element ? event.target : null;
    if (field?.matches('[name="pick"]')) countChoice();
    if (field?.matches(".filters select")) /** @type {HTMLSelectElement} */ (field).form?.requestSubmit();
  });
  document.addEventListener("reset", () => setTimeout(countChoice));
}
