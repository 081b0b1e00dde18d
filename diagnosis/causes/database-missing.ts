import { defineCause } from "../cause.ts";

export const databaseMissingCause = defineCause({
  id: "database-missing",
  title: "The database does not exist on this server",
  proof: ["pg-database-missing"],
  explains: [],
  refutedBy: [],
  mistakenFor: ["role-missing"],
  remedies: [],

  advice: () => [
    "List what is there (psql -l, database postgres) and check that this is the right server: after a restore or a failover to an empty one the databases are missing",
    "Without a database in the URL the role's name is taken as the database's",
  ],
});
