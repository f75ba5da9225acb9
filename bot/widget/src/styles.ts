/** The styles as constructed sheets, which a strict Content-Security-Policy allows; made once for all elements. */

import cards from "./css/cards.css?inline";
import chat from "./css/chat.css?inline";
import composer from "./css/composer.css?inline";
import dark from "./css/dark.css?inline";
import frame from "./css/frame.css?inline";
import ground from "./css/ground.css?inline";
import sheet from "./css/sheet.css?inline";

let made: CSSStyleSheet[] | null = null;

/** Dark colours come with the system's wish, or with the attribute `theme="dark"`. */
const darkened = (): string =>
  `:host([theme="dark"]){${dark.replace(/^[^{]*\{|\}\s*$/gu, "")}}` +
  `@media (prefers-color-scheme:dark){:host(:not([theme="light"])){${dark.replace(/^[^{]*\{|\}\s*$/gu, "")}}}`;

/** Return the sheets to adopt. */
export function sheets(): CSSStyleSheet[] {
  made ??= [ground, darkened(), frame, chat, cards, composer, sheet].map((text) => {
    const one = new CSSStyleSheet();
    one.replaceSync(text);
    return one;
  });
  return made;
}
