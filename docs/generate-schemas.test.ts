import assert from "node:assert/strict";
import { test } from "node:test";
import { exampleDiagnosis, exampleSnapshot } from "../test/report-example.ts";
import { publicSchemas, staleSchemas } from "./generate-schemas.ts";

test("the published schemas are what the code accepts", async () => {
  assert.deepEqual(await staleSchemas(), [], "node docs/generate-schemas.ts writes them");
});

test("they name every key of a diagnosis and of a snapshot", () => {
  const propertiesOf = (name: string) => Object.keys(JSON.parse(publicSchemas().get(name) ?? "").properties);
  assert.deepEqual(propertiesOf("diagnosis.schema.json"), Object.keys(exampleDiagnosis));
  assert.deepEqual(propertiesOf("snapshot.schema.json"), Object.keys(exampleSnapshot));
});
