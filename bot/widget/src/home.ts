/** Where this script came from: the server that it talks to unless the page names another. */

const NAME = "/widget/wenjin-chat.js";

/** Return the script's own tag; a module has no `currentScript`, so it is looked for by its name. */
export function ownScript(): HTMLScriptElement | null {
  const current = document.currentScript;
  if (current instanceof HTMLScriptElement) return current;
  return [...document.querySelectorAll("script")].find((script) => script.src.split(/[?#]/u)[0]?.endsWith(NAME)) ?? null;
}

const script = ownScript();
const base = script?.src ? script.src.split(/[?#]/u)[0]!.replace(/\/static\/widget\/[^/]*$/u, "") : "";

/** Return the server's base URL: the script's, up to where static files begin. */
export const home = (): string => (/^https?:/u.test(base) ? base : location.origin);
