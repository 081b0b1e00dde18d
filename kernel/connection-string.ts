/** URL or key=value pairs, as libpq takes them. What they say in detail is the driver's business. */
export function isConnectionString(text: string): boolean {
  return /^postgres(ql)?:\/\//i.test(text) || /^\s*[a-z_]+\s*=/i.test(text);
}

/**
 * What may be shown of a connection string: user, host, port and database, by picking them out rather than by removing
 * the rest, so that no spelling of a password gets through.
 */
export function connectionLabel(text: string): string {
  if (!/^postgres(?:ql)?:\/\//i.test(text)) {
    const pick = (key: string) => new RegExp(`(?:^|\\s)${key}\\s*=\\s*([\\w./:,-]+)`).exec(text)?.[1];
    return label(pick("user"), pick("host") ?? pick("hostaddr"), pick("port"), pick("dbname"));
  }
  const rest = text.slice(text.indexOf("://") + 3);
  const query = rest.indexOf("?");
  const place = query < 0 ? rest : rest.slice(0, query);
  const at = place.lastIndexOf("@");
  const user = at < 0 ? undefined : /^[\w.-]+/.exec(place.slice(0, at).split(":")[0] ?? "")?.[0];
  const found = /^([\w.,:[\]%-]*)(?:\/([\w.-]*))?$/.exec(place.slice(at + 1));
  return label(user, found?.[1], undefined, found?.[2]);
}

function label(user: string | undefined, host: string | undefined, port: string | undefined, database: string | undefined): string {
  return `${user === undefined || user === "" ? "" : `${user}@`}${host || "local"}${port === undefined ? "" : `:${port}`}/${database ?? ""}`;
}
