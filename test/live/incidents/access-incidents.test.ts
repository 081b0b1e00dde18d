import { testIncidents } from "../test-incidents.ts";
import { ACCESS_INCIDENTS } from "./access-incidents.ts";

testIncidents("Nobody gets in", ACCESS_INCIDENTS);
