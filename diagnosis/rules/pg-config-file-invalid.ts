import { plural } from "../report/quantity.ts";
import { defineRule, type Found } from "../rule.ts";

/** PostgreSQL goes on with the old configuration, says so in its log only, and will not start again with this one. */
/** The views have grants of their own, and call the functions with their reader's. */
const GRANTS =
  "grant select on pg_file_settings, pg_hba_file_rules to the role, and execute on function pg_show_all_file_settings(), pg_hba_file_rules()";

export const configFileInvalid = defineRule({
  id: "pg-config-file-invalid",
  title: "A configuration file has errors",
  why: "Reloads are ignored in whole or in part, and at the next restart the server will not start.",
  gravest: "warning",
  needs: ["pg.settings"],

  judge({ "pg.settings": { fileErrors, hbaErrors } }) {
    if (fileErrors === null && hbaErrors === null) {
      return { because: "no-permission", hint: GRANTS };
    }
    const found: Found[] = [];
    const [inFile] = fileErrors ?? [];
    if (inFile !== undefined) {
      found.push({
        severity: "warning",
        object: { kind: "setting", name: inFile.name ?? "config_file" },
        summary: `${plural(fileErrors?.length ?? 0, "error")} in the configuration, first ${baseName(inFile.file)}${inFile.line === null ? "" : ` line ${inFile.line}`}${inFile.name === null ? "" : ` (${inFile.name})`}: ${inFile.error}`,
        facts: { errors: fileErrors?.length ?? 0, file: inFile.file, line: inFile.line, name: inFile.name, error: inFile.error },
      });
    }
    const [inHba] = hbaErrors ?? [];
    if (inHba !== undefined) {
      found.push({
        severity: "warning",
        object: { kind: "setting", name: "hba_file" },
        summary: `${plural(hbaErrors?.length ?? 0, "error")} in pg_hba.conf, first line ${inHba.line}: ${inHba.error}`,
        facts: { errors: hbaErrors?.length ?? 0, line: inHba.line, error: inHba.error },
      });
    }
    return found;
  },

  clear: ({ "pg.settings": { fileErrors, hbaErrors } }) =>
    `${fileErrors === null ? "postgresql.conf could not be checked" : "postgresql.conf has no errors"}, ${hbaErrors === null ? "pg_hba.conf could not be checked" : "pg_hba.conf has none"}`,
});

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
