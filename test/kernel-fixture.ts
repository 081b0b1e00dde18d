import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { ToolError } from "../kernel/errors.ts";
import { type Call, defineTool, type Server, type Target, type Tool } from "../kernel/tool.ts";

/**
 * A server whose world is in memory: what the kernel's tests call through a real client. Its tools misbehave in every way
 * that a tool of ours might.
 */
export interface Lamp {
  isOn: boolean;
  switched: number;
}

export interface FixtureContext {
  readonly target: Target;
  readonly call: Call;
  readonly lamp: Lamp;
}

export const SECRET = "hunter2Zx9";

const readLamp = defineTool({
  name: "lamp_state",
  title: "Read the lamp",
  effect: "read",
  description: "Whether the lamp is on.",
  input: { unit: z.enum(["watt", "lumen"]).default("watt").describe("Of the brightness"), least: z.number().int().min(0).optional() },
  output: { isOn: z.boolean(), brightness: z.number().int(), unit: z.string(), target: z.string() },
  run: async ({ unit }, { lamp, target }: FixtureContext) => ({
    isOn: lamp.isOn,
    brightness: lamp.isOn ? 40 : 0,
    unit,
    target: target.name,
  }),
  render: ({ isOn, brightness, unit }) => `The lamp is ${isOn ? "on" : "off"}, ${brightness} ${unit}`,
});

const slow = defineTool({
  name: "lamp_slow",
  title: "Wait",
  effect: "read",
  description: "Waits for the seconds that it is given, reporting progress, and stops when it is told to.",
  input: { seconds: z.number().min(0).max(60) },
  output: { waited: z.number() },
  deadlineSeconds: ({ seconds }) => seconds + 1,
  async run({ seconds }, { call }: FixtureContext) {
    const steps = Math.max(1, Math.round(seconds / 0.05));
    for (let done = 1; done <= steps; done++) {
      await sleep(50, undefined, { signal: call.signal });
      call.progress("waiting", done, steps);
    }
    return { waited: seconds };
  },
  render: ({ waited }) => `Waited ${waited} s`,
});

const deaf = defineTool({
  name: "lamp_deaf",
  title: "Never answer",
  effect: "read",
  description: "Never answers, and listens to no signal.",
  input: {},
  output: { never: z.boolean() },
  deadlineSeconds: () => 0.2,
  run: (_args, _context: FixtureContext) => new Promise<{ never: boolean }>(() => {}),
  render: () => "never",
});

const broken = defineTool({
  name: "lamp_broken",
  title: "Throw",
  effect: "read",
  description: "Throws in the manner that it is asked to.",
  input: { how: z.enum(["error", "tool-error", "string", "secret-result", "noise"]) },
  output: { said: z.string(), rows: z.array(z.object({ query: z.string(), password: z.string() })) },
  async run({ how }, _context: FixtureContext) {
    if (how === "error") throw new Error(`connect postgres://app:${SECRET}@db1/orders failed: password=${SECRET}`);
    if (how === "string") throw `password=${SECRET}`;
    if (how === "tool-error") {
      throw new ToolError("UNREACHABLE", `No connection with password=${SECRET}\u001b[31m`, {
        hint: `Try postgres://app:${SECRET}@db1/orders`,
        cause: new Error(`inner password=${SECRET}`),
        details: { url: `postgres://app:${SECRET}@db1/orders`, password: SECRET },
      });
    }
    if (how === "noise") {
      console.log("noise on stdout");
      process.stdout.write("more noise\n");
    }
    const rows = how === "secret-result" ? [{ query: `alter role app password '${SECRET}'`, password: SECRET }] : [];
    return { said: `\u001b[31mpass\u200bword=${SECRET}`, rows };
  },
  render: ({ said, rows }) => `${said} ${rows.map(({ query }) => query).join(" ")}`,
});

const large = defineTool({
  name: "lamp_large",
  title: "Say much",
  effect: "read",
  description: "Says more than fits.",
  input: { lines: z.number().int().min(1).max(5000) },
  output: { lines: z.array(z.string()) },
  run: async ({ lines }, _context: FixtureContext) => ({
    lines: Array.from({ length: lines }, (_, at) => `line ${at} of many, with an ü`),
  }),
  render: ({ lines }) => lines.join("\n"),
});

const forPrograms = defineTool({
  name: "lamp_raw",
  title: "Raw",
  effect: "read",
  audience: "program",
  description: "For programs.",
  input: {},
  output: { isOn: z.boolean() },
  run: async (_args, { lamp }: FixtureContext) => ({ isOn: lamp.isOn }),
  render: () => "raw",
});

const switchLamp = defineTool({
  name: "lamp_switch",
  title: "Switch the lamp",
  effect: "write",
  description: "Switches the lamp on or off.",
  input: { on: z.boolean() },
  output: { switched: z.number().int() },
  plan: async ({ on }, { lamp, target }: FixtureContext) => ({
    summary: `Switch the lamp of ${target.name} ${on ? "on" : "off"}`,
    object: { lamp: target.name },
    blastRadius: "one room",
    undo: "switch it back",
    observed: { isOn: lamp.isOn, switched: lamp.switched },
  }),
  async run({ on }, { lamp }: FixtureContext) {
    lamp.isOn = on;
    lamp.switched += 1;
    return { switched: lamp.switched };
  },
  verify: async ({ on }, { lamp }: FixtureContext) => ({
    worked: lamp.isOn === on,
    says: lamp.isOn === on ? "the lamp obeyed" : "the lamp did not move",
    after: { isOn: lamp.isOn },
  }),
  render: ({ switched }) => `Switched ${switched} times`,
});

const smashLamp = defineTool({
  name: "lamp_smash",
  title: "Smash the lamp",
  effect: "destroy",
  description: "Ends the lamp, slowly when told to.",
  input: { slowly: z.boolean().default(false), verifiably: z.boolean().default(true) },
  output: { pieces: z.number().int() },
  deadlineSeconds: () => 0.3,
  plan: async (_args, { lamp, target }: FixtureContext) => ({
    summary: `Smash the lamp of ${target.name}`,
    object: { lamp: target.name },
    blastRadius: "the lamp",
    undo: "cannot be undone",
    observed: { switched: lamp.switched },
  }),
  async run({ slowly }, { lamp }: FixtureContext) {
    lamp.switched += 1;
    return slowly ? new Promise<{ pieces: number }>(() => {}) : { pieces: 7 };
  },
  async verify({ verifiably }, _context: FixtureContext) {
    if (!verifiably) throw new Error("it is dark");
    return { worked: true, says: "it is gone", after: null };
  },
  render: ({ pieces }) => `${pieces} pieces`,
});

export const TOOLS: readonly Tool<FixtureContext>[] = [readLamp, slow, deaf, broken, large, forPrograms, switchLamp, smashLamp];

export const TARGETS: readonly Target[] = [
  { name: "kitchen", environment: "test" },
  { name: "cellar", environment: "production" },
];

export interface Fixture extends Server<FixtureContext> {
  readonly lamps: ReadonlyMap<string, Lamp>;
  readonly state: { closed: number; opened: number };
}

export function fixtureServer(targets: readonly Target[] = TARGETS): Fixture {
  const lamps = new Map(targets.map(({ name }) => [name, { isOn: false, switched: 0 }]));
  const state = { closed: 0, opened: 0 };
  return {
    name: "lamps",
    title: "Lamps",
    instructions: "Lamps, for tests.",
    tools: TOOLS,
    lamps,
    state,
    targets: () => targets,
    async open(target, call) {
      state.opened += 1;
      return { target, call, lamp: lamps.get(target.name) ?? { isOn: false, switched: 0 } };
    },
    async close() {
      state.closed += 1;
    },
  };
}
