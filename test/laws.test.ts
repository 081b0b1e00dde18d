import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import type { Cause } from "../diagnosis/cause.ts";
import { CAUSES } from "../diagnosis/causes.ts";
import { RULES } from "../diagnosis/rules.ts";
import { PROBES } from "../servers/postgres/probes.ts";
import { TOOLS } from "../servers/postgres/tools.ts";
import { FOLDERS, filesBelow, ROOT, readText, type SourceFile, sourceFiles } from "./source-tree.ts";

/** What holds everywhere in the checkout. A law that fails says which file breaks it. */
const FILES = sourceFiles();
const SHIPPED = FILES.filter(({ path: file }) => !file.endsWith(".test.ts"));

const broken = (files: readonly SourceFile[], isBroken: (file: SourceFile) => boolean) =>
  files.filter(isBroken).map(({ path: file }) => file);
const isInside = (file: string, folder: string) => file.startsWith(`${folder}/`);

describe("one file, one export, one place in a list", () => {
  const listed = [
    { folder: "diagnosis/rules", ids: RULES.map(({ id }) => id) },
    { folder: "diagnosis/causes", ids: CAUSES.map(({ id }) => id) },
    { folder: "servers/postgres/probes", ids: ["pg.connect", ...PROBES.map(({ id }) => id)].filter((id) => id !== "pg.connect") },
    { folder: "servers/postgres/tools", ids: TOOLS.map(({ name }) => name) },
  ];
  for (const { folder, ids } of listed) {
    it(`every file in ${folder} is listed once, under the id that its name says, and has a test`, () => {
      const names = filesBelow(folder).filter((file) => file.endsWith(".ts"));
      const definitions = names.filter((file) => !file.endsWith(".test.ts"));
      const fileOf = (id: string) => `${folder}/${id.replace(/[._]/g, "-")}.ts`;
      assert.deepEqual(definitions.toSorted(), ids.map(fileOf).toSorted());
      const untested = definitions.filter((file) => !names.includes(file.replace(/\.ts$/, ".test.ts")));
      assert.deepEqual(untested, []);
    });
  }
});

describe("imports flow one way", () => {
  it("kernel knows nobody, diagnosis only the kernel's types, servers not each other, and nobody the orchestrator", () => {
    const layer = (file: string) => {
      const [folder = "", second = ""] = file.split("/");
      if (folder !== "servers") return [...FOLDERS].map(String).indexOf(folder) * 10;
      return 20 + (second === "bundle" || second === "faults" ? 1 : 0);
    };
    const wrong = SHIPPED.filter(({ path: file }) => !isInside(file, "sandbox")).flatMap((from) =>
      from.imports.flatMap((to) => {
        const upward = layer(to.path) > layer(from.path) && !(isInside(from.path, "orchestrator") && isInside(to.path, "sandbox"));
        const impure = isInside(from.path, "diagnosis") && isInside(to.path, "kernel") && !to.typeOnly;
        const sideways =
          /^servers\/([^/]+)\//.exec(from.path)?.[1] !== /^servers\/([^/]+)\//.exec(to.path)?.[1] &&
          layer(from.path) === 20 &&
          layer(to.path) === 20;
        return upward || impure || sideways ? [`${from.path} imports ${to.path}`] : [];
      }),
    );
    assert.deepEqual(wrong, []);
  });

  it("only the kernel's serving files know the MCP SDK, and only the PostgreSQL server and the sandbox know the driver", () => {
    const wrong = SHIPPED.flatMap(({ path: file, packages }) =>
      packages.flatMap((name) => {
        const outside =
          (name.startsWith("@modelcontextprotocol/sdk") && !/^kernel\/(serve|mcp)/.test(file)) ||
          (name === "pg" && !isInside(file, "servers/postgres") && !isInside(file, "sandbox"));
        return outside ? [`${file} imports ${name}`] : [];
      }),
    );
    assert.deepEqual(wrong, []);
  });

  it("diagnosis is pure: no I/O, no clock, no environment, no chance", () => {
    const impure = /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bprocess\.|\bfetch\(|\bperformance\./;
    const files = SHIPPED.filter(({ path: file }) => isInside(file, "diagnosis"));
    assert.ok(files.length > 20);
    assert.deepEqual(
      broken(files, ({ code, text }) => impure.test(code) || /from "node:/.test(text)),
      [],
    );
  });
});

describe("the code keeps to its language", () => {
  it("has no casts but `as const`, and one in invoke.ts", () => {
    const casts = ({ code }: SourceFile) => code.match(/[\w)\]}"`]\s+as\s+(?!const\b)[A-Za-z{[(]/g)?.length ?? 0;
    const isImport = /^\s*(?:import|export)\b.*$|^\s*(?:type )?\w+ as \w+,?$|\{[^{}]*\bas\b[^{}]*\} from/gm;
    const wrong = SHIPPED.filter((file) => {
      const counted = casts({ ...file, code: file.code.replace(isImport, "") });
      return counted > (file.path === "kernel/invoke.ts" ? 1 : 0);
    });
    assert.deepEqual(
      wrong.map(({ path: file }) => file),
      [],
    );
  });

  it("silences no checker and skips no test", () => {
    assert.deepEqual(
      broken(FILES, ({ text }) => /@ts-(ignore|expect-error|nocheck)|biome-ignore|\b(it|test|describe)\.(skip|only|todo)\b/.test(text)),
      [],
    );
  });

  it("reads the environment in main.ts files and config.ts only", () => {
    const allowed = (file: string) => /(^|\/)main\.ts$/.test(file) || file === "kernel/config.ts" || isInside(file, "sandbox");
    assert.deepEqual(
      broken(SHIPPED, ({ path: file, code }) => /\bprocess\.env\b/.test(code) && !allowed(file)),
      [],
    );
  });

  it("writes to stdout from the command line only: elsewhere it is protocol", () => {
    const allowed = (file: string) =>
      isInside(file, "orchestrator/cli") || file === "orchestrator/main.ts" || file === "kernel/serve-stdio.ts";
    assert.deepEqual(
      broken(SHIPPED, ({ path: file, code }) => /\bconsole\.|\bprocess\.stdout\b/.test(code) && !allowed(file)),
      [],
    );
  });

  it("sends SQL from queries/ only", () => {
    const files = SHIPPED.filter(({ path: file }) => isInside(file, "servers/postgres") && !isInside(file, "servers/postgres/queries"));
    assert.deepEqual(
      broken(files, ({ text }) => /\bsql(<[^`]*>)?`/.test(text.replace(/\/\*[\s\S]*?\*\//g, ""))),
      [],
    );
  });
});

describe("every tool's arguments are its own", () => {
  it("but `target`, which the road adds to each and takes for the inventory's name", () => {
    assert.deepEqual(
      TOOLS.flatMap(({ name, input }) => (Object.hasOwn(input, "target") ? [name] : [])),
      [],
    );
  });
});

describe("causes can be trusted", () => {
  it("every remedy names a tool of the suite with the effect that it says", () => {
    const effects = new Map(TOOLS.map(({ name, effect }) => [name, effect]));
    const wrong = CAUSES.flatMap((cause: Cause) =>
      cause.remedies.flatMap(({ tool, effect }) => (effects.get(tool) === effect ? [] : [`${cause.id}: ${tool} (${effect})`])),
    );
    assert.deepEqual(wrong, []);
  });

  it("every rule is proof, symptom or refutation of some cause", () => {
    const used = new Set(CAUSES.flatMap(({ proof, explains, refutedBy }: Cause) => [...proof, ...explains, ...refutedBy]));
    assert.deepEqual(
      RULES.flatMap(({ id }) => (used.has(id) ? [] : [id])),
      [],
    );
  });

  it("every cause was recorded on a real server", () => {
    const missing = CAUSES.flatMap(({ id }) => (existsSync(path.join(ROOT, "test", "snapshots", `${id}.json`)) ? [] : [id]));
    assert.deepEqual(missing, []);
  });
});

describe("the checkout speaks of the product alone", () => {
  it("names no folder of anybody's machine", () => {
    const texts = [...FOLDERS, "bin", "docs", "test", "bench", ".ci"]
      .flatMap(filesBelow)
      .filter((file) => /\.(ts|js|md|json|yaml)$/.test(file));
    const own = "test/laws.test.ts";
    assert.deepEqual(
      [...texts, "README.md", "package.json"].filter(
        (file) => file !== own && existsSync(path.join(ROOT, file)) && /\/(work|farm|root)\//.test(readText(file)),
      ),
      [],
    );
  });
});
