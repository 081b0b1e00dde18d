import assert from "node:assert/strict";
import { test } from "node:test";
import { publicSchemas, staleSchemas } from "../docs/generate-schemas.ts";
import { exampleDiagnosis, exampleSnapshot } from "./report-example.ts";

test("the published schemas are what the code accepts", async () => {
  assert.deepEqual(await staleSchemas(), [], "node docs/generate-schemas.ts writes them");
});

test("they name every key of a diagnosis and of a snapshot", () => {
  const propertiesOf = (name: string) => Object.keys(JSON.parse(publicSchemas().get(name) ?? "").properties);
  assert.deepEqual(propertiesOf("diagnosis.schema.json"), Object.keys(exampleDiagnosis));
  assert.deepEqual(propertiesOf("snapshot.schema.json"), Object.keys(exampleSnapshot));
});
