/**
 * Names and texts as SQL spells them, for the statements that advice prints: what comes from a target may hold quotes.
 * Pure text; nothing here is ever sent to a server.
 */
export function identifier(name: string): string {
  return PLAIN_NAME.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

export function qualified({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${identifier(schema)}.${identifier(name)}`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Needs no quotes, keywords aside: those read well enough in a printed statement only when quoted, so they are not plain. */
const PLAIN_NAME =
  /^(?!(?:user|order|group|table|select|all|end|default|check|limit|grant|desc|asc|column|primary|references)$)[a-z_][a-z0-9_]*$/u;
