/** Small helpers for building elements; text is only ever set as text, never as markup. */

import { ICONS, type IconName } from "./icons";

const SVG = "http://www.w3.org/2000/svg";

type Child = Node | string | null | undefined | false;
type Props = Record<string, unknown>;

/** Make an element: `class`, `text`, `on…` handlers (functions); the rest become attributes. */
export function el<K extends keyof HTMLElementTagNameMap>(tag: K, props: Props = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = String(value);
    else if (name === "text") node.textContent = String(value);
    else if (typeof value === "function") node.addEventListener(name.slice(2), value as EventListener);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child): child is Node | string => Boolean(child) || child === ""));
  return node;
}

/** Make an icon out of paths: no sprite to fetch, no markup to parse. */
export function icon(name: IconName): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Set a text only where it changes, so that a live region is not read twice. */
export function tell(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}
