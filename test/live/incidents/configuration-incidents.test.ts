import { testIncidents } from "../test-incidents.ts";
import { CONFIGURATION_INCIDENTS } from "./configuration-incidents.ts";

testIncidents("Nobody has noticed yet", CONFIGURATION_INCIDENTS);
