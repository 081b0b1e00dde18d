import { testIncidents } from "../test-incidents.ts";
import { QUERY_INCIDENTS } from "./query-incidents.ts";

testIncidents("Statements and indexes cost too much", QUERY_INCIDENTS);
