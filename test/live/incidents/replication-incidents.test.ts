import { testIncidents } from "../test-incidents.ts";
import { REPLICATION_INCIDENTS } from "./replication-incidents.ts";

testIncidents("Replication stands still", REPLICATION_INCIDENTS);
