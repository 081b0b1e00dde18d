import { defineCause } from "../cause.ts";
import { identifier } from "../quoted.ts";

export const defaultReadOnlyCause = defineCause({
  id: "default-read-only",
  title: "Transactions are read only by default",
  proof: ["pg-default-read-only"],
  explains: [],
  refutedBy: [],
  mistakenFor: ["connected-to-standby"],
  remedies: [],

  advice({ object }) {
    const setting = "default_transaction_read_only";
    const undo =
      object?.kind === "database"
        ? `alter database ${identifier(object.name)} reset ${setting};`
        : object?.kind === "role"
          ? `alter role ${identifier(object.name)} reset ${setting};`
          : `alter system set ${setting} = off; select pg_reload_conf();`;
    return [
      "Find out who switched it on, and why: a migration, a failover drill, or a guard of the provider against a full disk",
      `${undo} -- new sessions get it; pools have to reconnect where it was set for a role or a database`,
    ];
  },
});
