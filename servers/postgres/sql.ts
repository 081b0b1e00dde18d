/**
 * How every statement reaches PostgreSQL: a tagged template in which an interpolation is always a parameter.
 *
 * Each statement runs in a transaction of its own that PostgreSQL itself holds READ ONLY, with a statement timeout, a
 * lock timeout of 200 ms, search_path = pg_catalog, UTC and ISO dates, and is rolled back. It goes through the extended
 * protocol, which refuses a second statement. int8 and numeric come back as numbers, timestamptz as ISO 8601 text
 * with microseconds in UTC ("2026-11-22T09:12:33.123456Z"), arrays as arrays, json parsed.
 */
export interface Sql {
  <Row extends object>(strings: TemplateStringsArray, ...values: readonly SqlValue[]): Promise<readonly Row[]>;
  /** A quoted, qualified identifier: sql.id("public", "orders"). The only text that is not a parameter. */
  id(...names: readonly [string, ...string[]]): Identifier;
  /** A fixed piece of another template, for what only differs by version inside `from` or `select`. Never user's text. */
  fragment(strings: TemplateStringsArray, ...values: readonly SqlValue[]): Fragment;
}

export type SqlParameter = string | number | boolean | null | readonly string[] | readonly number[];
export type SqlValue = SqlParameter | Identifier | Fragment;

export interface Identifier {
  readonly kind: "identifier";
  readonly quoted: string;
}

export interface Fragment {
  readonly kind: "fragment";
  readonly strings: readonly string[];
  readonly values: readonly SqlValue[];
}

/** Text with $1, $2..., and what stands for them. */
export interface Statement {
  readonly text: string;
  readonly values: readonly SqlParameter[];
}

export function identifier(...names: readonly [string, ...string[]]): Identifier {
  return { kind: "identifier", quoted: names.map((name) => `"${name.replaceAll('"', '""')}"`).join(".") };
}

export function fragment(strings: TemplateStringsArray, ...values: readonly SqlValue[]): Fragment {
  return { kind: "fragment", strings, values };
}

/** Renders a template: fragments are spliced in, identifiers quoted, everything else numbered. */
export function statementOf(strings: readonly string[], values: readonly SqlValue[]): Statement {
  const parameters: SqlParameter[] = [];
  const render = (parts: readonly string[], holes: readonly SqlValue[]): string =>
    parts
      .map((part, index) => {
        if (index === 0) return part;
        const hole = holes[index - 1];
        if (isIdentifier(hole)) return hole.quoted + part;
        if (isFragment(hole)) return render(hole.strings, hole.values) + part;
        parameters.push(hole ?? null);
        return `$${parameters.length}${part}`;
      })
      .join("");
  const text = render(strings, values);
  return { text, values: parameters };
}

function isIdentifier(value: SqlValue | undefined): value is Identifier {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "identifier";
}

function isFragment(value: SqlValue | undefined): value is Fragment {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "fragment";
}

/** Wraps whatever runs a rendered statement as the `sql` that queries/ and tools take. */
export function makeSql(run: (statement: Statement) => Promise<readonly object[]>): Sql {
  async function sql<Row extends object>(strings: TemplateStringsArray, ...values: readonly SqlValue[]): Promise<readonly Row[]> {
    return rowsAs<Row>(await run(statementOf(strings, values)));
  }
  return Object.assign(sql, { id: identifier, fragment });
}

/** The driver's rows are untyped; the query's author says what the select list yields, and tests on every major check it. */
function rowsAs<Row extends object>(rows: readonly object[]): readonly Row[];
function rowsAs(rows: readonly object[]): readonly object[] {
  return rows;
}
