import { z } from "zod";
import { PgSettings } from "../../../diagnosis/evidence/pg-operations.ts";
import { plural } from "../../../diagnosis/report/quantity.ts";
import { defineTool } from "../../../kernel/tool.ts";
import type { PostgresContext } from "../context.ts";
import { selectSettings } from "../queries/settings.ts";
import { seen } from "../seen.ts";
import { textTable } from "../text-table.ts";

const ROW_CAP = 80;

const { nonDefault, overrides, fileErrors, hbaErrors, extensions } = PgSettings.shape;

export const showSettings = defineTool({
  name: "pg_settings",
  title: "Show settings",
  effect: "read",
  description:
    "Settings that are not at their default, what waits for a restart, overrides by role and database, and errors in the configuration files. " +
    "With a filter: every setting whose name contains it, defaults too. Secrets are hidden.",
  input: { filter: z.string().min(2).max(64).optional().describe("Part of a name: vacuum, work_mem") },
  output: { settings: nonDefault, overrides, fileErrors, hbaErrors, extensions, truncated: z.boolean() },

  async run({ filter }, { sql, collect }: Pick<PostgresContext, "sql" | "collect">) {
    const { nonDefault: changed, values: _, ...rest } = seen(await collect({ only: ["pg.settings"], seconds: 0 }), "pg.settings");
    const wanted = filter?.toLowerCase();
    const rows = wanted === undefined ? changed : (await selectSettings(sql)).filter(({ name }) => name.toLowerCase().includes(wanted));
    return {
      ...rest,
      overrides: rest.overrides.filter(({ name }) => wanted === undefined || name.toLowerCase().includes(wanted)),
      settings: rows
        .slice(0, ROW_CAP)
        .map(({ name, value, unit, source, pendingRestart }) => ({ name, value, unit, source, pendingRestart })),
      truncated: rows.length > ROW_CAP,
    };
  },

  render({ settings, overrides: perRole, fileErrors: files, hbaErrors: hba, extensions: installed, truncated }) {
    return [
      `${plural(settings.length, "setting")}${truncated ? "; there are more: filter" : ""}.`,
      ...(settings.length === 0
        ? []
        : textTable(
            ["name", "value", "unit", "source", ""],
            settings.map(({ name, value, unit, source, pendingRestart }) => [
              name,
              value === "" ? "''" : value,
              unit ?? "",
              source,
              pendingRestart ? "waits for a restart" : "",
            ]),
          )),
      ...perRole.map(({ role, database, name, value }) => `For ${whom(role, database)}: ${name} = ${value}`),
      ...(files ?? []).map(({ file, line, name, error }) => `${file}${line === null ? "" : `:${line}`} ${name ?? ""}: ${error}`),
      ...(hba ?? []).map(({ line, error }) => `pg_hba.conf:${line}: ${error}`),
      ...(files === null || hba === null ? ["Not seen: errors in the configuration files (superuser only, unless granted)."] : []),
      `Extensions: ${installed.join(", ")}.`,
    ].join("\n");
  },
});

function whom(role: string, database: string): string {
  const parts = [role === "" ? "" : `role ${role}`, database === "" ? "" : `database ${database}`].filter((part) => part !== "");
  return parts.length === 0 ? "everyone" : parts.join(" in ");
}
