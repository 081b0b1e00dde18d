/**
 * HTML that cannot be forgotten to be escaped: a tagged template in which every interpolated text is escaped, and only
 * what another template made goes in as it is.
 */
export interface Markup {
  readonly markup: string;
}

export type Content = string | number | Markup | null | readonly Content[];

export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return { markup: strings.reduce((text, part, index) => text + contentOf(contents[index - 1] ?? null) + part) };
}

/** For what another renderer made and escaped: a chart's SVG, our own style sheet. Never text from a target. */
export function trustedMarkup(markup: string): Markup {
  return { markup };
}

function contentOf(content: Content): string {
  if (content === null) return "";
  if (typeof content === "string" || typeof content === "number") return escapeHtml(String(content));
  if (isList(content)) return content.map(contentOf).join("");
  return content.markup;
}

function isList(content: Markup | readonly Content[]): content is readonly Content[] {
  return Array.isArray(content);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/gu, (character) => `&#${character.charCodeAt(0)};`);
}
