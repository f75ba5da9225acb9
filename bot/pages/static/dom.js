/** Small helpers for building elements; text is only ever set as text, never as markup. */

const SVG = "http://www.w3.org/2000/svg";

/** The sprite's address, with its version, as the page names it. */
const sprite = () => document.querySelector("[data-icons]")?.getAttribute("data-icons") ?? "/static/icons.svg";

/**
 * Make an element.
 * @param {string} tag
 * @param {Record<string, unknown>} [props] class, text, on* handlers (functions); the rest become attributes
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = String(value);
    else if (name === "text") node.textContent = String(value);
    else if (typeof value === "function") node.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/**
 * Make an icon of the sprite.
 * @param {string} name
 * @returns {SVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${sprite()}#${name}`);
  svg.append(use);
  return svg;
}

/**
 * Return the element of that id, which the page's template promises.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`missing #${id}`);
  return node;
}

/** Tell whether a key press belongs to an input method. @param {KeyboardEvent} event */
export const composing = (event) => event.isComposing || event.keyCode === 229;
