import pg from "pg";

/** From PostgreSQL's text to plain JSON values: what rows hold after `sql`. Everything not named here is the driver's default. */
export function parseValue(oid: number, format?: "text" | "binary"): (text: string) => unknown {
  switch (oid) {
    case INT8:
    case NUMERIC:
    case OID:
      return Number;
    case TIMESTAMPTZ:
      return isoTime;
    case INT8_ARRAY:
    case NUMERIC_ARRAY:
    case OID_ARRAY:
      return (text) => textArray(text).map(Number);
    case NAME_ARRAY:
      return textArray;
    default:
      return pg.types.getTypeParser(oid, format ?? "text");
  }
}

/** pg_type.oid, fixed for ever. */
const INT8 = 20;
const OID = 26;
const NUMERIC = 1700;
const TIMESTAMPTZ = 1184;
const NAME_ARRAY = 1003;
const TEXT_ARRAY: number = 1009;
const INT8_ARRAY = 1016;
const OID_ARRAY = 1028;
const NUMERIC_ARRAY = 1231;

/** The driver's own parser of text[] reads every one-dimensional array; it leaves NULL as null. */
function textArray(text: string): string[] {
  const parse: (text: string) => string[] = pg.types.getTypeParser(TEXT_ARRAY, "text");
  return parse(text);
}

/** "2026-11-22 09:12:33.123456+00" (UTC, ISO) becomes "2026-11-22T09:12:33.123456Z": microseconds are a session's identity. */
function isoTime(text: string): string {
  return text.replace(" ", "T").replace(/\+00$/, "Z");
}
