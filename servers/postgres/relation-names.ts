import type { ProbeContext } from "./probe.ts";
import { type RelationNameRow, selectRelationNames } from "./queries/locks.ts";
import { LOCK_NOT_AVAILABLE, sqlStateOf } from "./where-allowed.ts";

/** By oid. */
export type RelationNames = ReadonlyMap<number, RelationNameRow>;

/** Names of relations of our database. When pg_class itself is locked, none: who blocks whom matters more. */
export async function relationNames({ sql, skip }: Pick<ProbeContext, "sql" | "skip">, oids: readonly number[]): Promise<RelationNames> {
  const wanted = new Set(oids.filter((oid) => oid > 0));
  if (wanted.size === 0) return new Map();
  try {
    const rows = await selectRelationNames(sql, [...wanted]);
    return new Map(rows.map((row) => [row.oid, row]));
  } catch (error) {
    if (sqlStateOf(error) !== LOCK_NOT_AVAILABLE) throw error;
    skip("names of relations: pg_class or pg_namespace is locked");
    return new Map();
  }
}

/** Table, partitioned table, materialised view. */
const TABLE_KINDS = ["r", "p", "m"];

/** The only table among them, indexes and the like aside; null where there are several or none. */
export function lockedTable(oids: readonly number[], names: RelationNames): number | null {
  const tables = oids.filter((oid) => TABLE_KINDS.includes(names.get(oid)?.kind ?? ""));
  return tables.length === 1 ? (tables[0] ?? null) : null;
}
