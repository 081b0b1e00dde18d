import { defineCause } from "../cause.ts";

/** Claimed where nobody's snapshot keeps vacuum from freezing: then the holder is the cause, and this its symptom. */
export const wraparoundNear = defineCause({
  id: "wraparound-near",
  title: "The database runs towards transaction id wraparound",
  proof: ["pg-wraparound-near"],
  explains: [],
  refutedBy: [],
  remedies: [],
  advice: ({ object, lead }) => [
    `In database "${object?.kind === "database" ? object.name : ""}": vacuum (freeze, verbose) the oldest tables first${typeof lead.facts["oldestTable"] === "string" ? `, beginning with ${lead.facts["oldestTable"]}` : ""}; select oid::regclass, age(relfrozenxid) from pg_class where relkind in ('r', 'm', 't') order by 2 desc limit 20;`,
    "Find out why autovacuum does not freeze them: a lock that it waits for, an error that it ends with (see the server log), its cost limit.",
  ],
});
