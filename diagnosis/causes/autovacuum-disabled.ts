import { defineCause } from "../cause.ts";
import { qualified } from "../quoted.ts";

export const autovacuumDisabled = defineCause({
  id: "autovacuum-disabled",
  title: "Autovacuum is switched off",
  proof: ["pg-autovacuum-disabled"],
  explains: ["pg-dead-rows", "pg-table-bloat"],
  refutedBy: [],
  remedies: [],
  advice({ object }) {
    if (object?.kind !== "relation") {
      return [`alter system set ${object?.kind === "setting" ? object.name : "autovacuum"} = on; select pg_reload_conf();`];
    }
    const table = qualified(object);
    return [
      `alter table ${table} reset (autovacuum_enabled); vacuum (analyze) ${table};`,
      "When it was switched off to spare a batch job: give the table its own autovacuum_vacuum_cost_delay instead.",
    ];
  },
});
