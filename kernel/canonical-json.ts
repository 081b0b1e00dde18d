/**
 * One text for one value, whatever order its keys were written in: what macs and comparisons are made over. Pure.
 * What JSON has no word for is left out in objects and null in arrays, as JSON.stringify does; big integers are strings.
 */
export function canonicalJson(value: unknown): string {
  return (
    JSON.stringify(value, (_key, one: unknown) => {
      if (typeof one === "bigint") return one.toString();
      if (typeof one !== "object" || one === null || Array.isArray(one)) return one;
      return Object.fromEntries(Object.entries(one).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
    }) ?? "null"
  );
}
