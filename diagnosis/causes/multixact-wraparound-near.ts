import { defineCause } from "../cause.ts";

export const multixactWraparoundNear = defineCause({
  id: "multixact-wraparound-near",
  title: "The database runs towards multixact id wraparound",
  proof: ["pg-multixact-wraparound-near"],
  explains: [],
  refutedBy: [],
  remedies: [],
  advice: ({ object }) => [
    `In database "${object?.kind === "database" ? object.name : ""}": vacuum (freeze) the tables with the oldest multixacts; select oid::regclass, mxid_age(relminmxid) from pg_class where relkind in ('r', 'm', 't') order by 2 desc limit 20;`,
    "Old transactions hold multixacts back as they do dead rows; rows that many transactions lock at once (foreign keys to few parents, FOR SHARE) make them.",
  ],
});
