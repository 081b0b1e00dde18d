import { testIncidents } from "../test-incidents.ts";
import { CONNECTION_INCIDENTS } from "./connection-incidents.ts";

testIncidents("Connections run out", CONNECTION_INCIDENTS);
