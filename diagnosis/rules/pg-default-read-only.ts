import type { PgServer } from "../evidence/pg-connection.ts";
import type { PgSettings } from "../evidence/pg-operations.ts";
import type { DiagnosedObject } from "../object.ts";
import { defineRule, type Severity } from "../rule.ts";

const SETTING = "default_transaction_read_only";

export const defaultReadOnly = defineRule({
  id: "pg-default-read-only",
  title: "Transactions are read only unless they say otherwise",
  why: "With default_transaction_read_only on, every write fails with SQLSTATE 25006 on a server that could well take it.",
  gravest: "critical",
  needs: ["pg.server", "pg.settings"],
  wants: ["complaint"],

  judge({ "pg.server": server, "pg.settings": settings, complaint }) {
    if (server.inRecovery) return [];
    const isComplained = complaint?.sqlStates.includes("25006") === true;
    const severity: Severity = isComplained ? "critical" : server.expectedRole === "primary" ? "warning" : "advice";
    return placesOf(settings, server)
      .filter(({ wide }) => wide || isComplained)
      .map(({ object, where }) => ({
        severity,
        object,
        summary: `${SETTING} is on for ${where}${isComplained ? ", and clients are told 25006" : ""}`,
        facts: { setting: SETTING, where, complained: isComplained, expectedRole: server.expectedRole },
      }));
  },

  clear: ({ "pg.server": server }) =>
    server.inRecovery ? "the server is in recovery: its settings do not matter for writes" : `${SETTING} is off`,
});

interface Place {
  readonly object: DiagnosedObject;
  readonly where: string;
  /** Everyone of the server or of a database: nobody asks for that on a primary without a reason. A role of readers may. */
  readonly wide: boolean;
}

/** Where it was switched on. Our own role's is of our own making: the suite's least-privileged role has it. */
function placesOf(settings: PgSettings, server: PgServer): readonly Place[] {
  const places: Place[] = [];
  const overrides = settings.overrides.filter(({ name, value }) => name === SETTING && isOn(value));
  const isOurs = ({ role, database }: (typeof overrides)[number]) =>
    (role === "" || role === server.role.name) && (database === "" || database === server.database);
  const isConfigured = settings.nonDefault.some(({ name, value, source }) => name === SETTING && isOn(value) && FROM_FILE.has(source));
  // Our own login got it, and from no override: then from the server's configuration.
  if (isConfigured || (server.defaultTransactionReadOnly && !overrides.some(isOurs))) {
    places.push({ object: { kind: "setting", name: SETTING }, where: "the whole server", wide: true });
  }
  for (const { role, database } of overrides) {
    if (role === server.role.name) continue;
    if (role === "" && database !== "")
      places.push({ object: { kind: "database", name: database }, where: `database ${database}`, wide: true });
    else if (role === "") places.push({ object: { kind: "setting", name: SETTING }, where: "all roles", wide: true });
    else {
      const inDatabase = database === "" ? "" : ` in database ${database}`;
      places.push({ object: { kind: "role", name: role }, where: `role ${role}${inDatabase}`, wide: false });
    }
  }
  const seen = new Set<string>();
  return places.filter(({ object }) => {
    const key = JSON.stringify(object);
    return seen.has(key) ? false : seen.add(key) !== undefined;
  });
}

/** pg_settings.source where a person wrote it down for everyone. */
const FROM_FILE = new Set(["configuration file", "command line", "environment variable", "global"]);

function isOn(value: string): boolean {
  return /^(?:on|true|yes|1|t|y)$/i.test(value);
}
