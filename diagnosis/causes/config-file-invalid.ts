import { defineCause } from "../cause.ts";

export const configFileInvalid = defineCause({
  id: "config-file-invalid",
  title: "A configuration file has errors",
  proof: ["pg-config-file-invalid"],
  explains: [],
  refutedBy: [],
  remedies: [],
  advice: ({ object }) =>
    object?.kind === "setting" && object.name === "hba_file"
      ? [
          "Correct the line, then: select pg_reload_conf(); and select * from pg_hba_file_rules where error is not null; Until then the old rules hold, and a restart would fail.",
        ]
      : [
          "Correct it, then: select pg_reload_conf(); and select * from pg_file_settings where error is not null; Until then the old value holds, and a restart may fail.",
        ],
});
