import { testIncidents } from "../test-incidents.ts";
import { LOCK_INCIDENTS } from "./lock-incidents.ts";

testIncidents("Somebody waits", LOCK_INCIDENTS);
