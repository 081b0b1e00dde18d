import { testIncidents } from "../test-incidents.ts";
import { WAL_INCIDENTS } from "./wal-incidents.ts";

testIncidents("WAL is kept, refused or written too fast", WAL_INCIDENTS);
