import { z } from "zod";
import { isConnectionString } from "./connection-string.ts";
import { didYouMean } from "./near-names.ts";

/**
 * The shape of helpdesk.yaml. Unknown keys are errors, and a name that leads to another section must be there.
 *
 * Loaded when there is a file to check: building it takes 8 ms, and a server that is configured by DATABASE_URL needs none.
 */
const Name = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/, "a name has letters, digits, dots, dashes and underscores, at most 63");

const Workload = z.string().regex(/^(statefulset|deployment|cluster|pod|dbcluster|postgresql|postgrescluster)\/[a-z0-9][a-z0-9.-]*$/, {
  error: "expected kind/name, such as statefulset/orders-db",
});

const KubernetesPlace = z.strictObject({ cluster: Name, namespace: z.string().min(1), workload: Workload });

const SecretReference = z.strictObject({
  cluster: Name.optional(),
  namespace: z.string().min(1),
  name: z.string().min(1),
  key: z.string().min(1).default("password"),
});

/** The value is never repeated: it may hold a password in any of its spellings. */
const ConnectionString = z.string().refine(isConnectionString, "expected postgres://... or key=value pairs");

const DatabaseEntry = z
  .strictObject({
    url: ConnectionString.optional(),
    service: z.string().min(1).optional(),
    passwordEnv: z.string().min(1).optional(),
    passwordFile: z.string().min(1).optional(),
    passwordSecret: SecretReference.optional(),
    environment: z.enum(["production", "staging", "test"]).default("production"),
    adhocQueries: z.boolean().default(false),
    role: z.enum(["primary", "standby"]).optional(),
    kubernetes: KubernetesPlace.optional(),
    host: Name.optional(),
  })
  .superRefine((entry, context) => {
    atMostOne(entry, ["url", "service"], context);
    atMostOne(entry, ["passwordEnv", "passwordFile", "passwordSecret"], context);
  });
export type DatabaseEntry = z.output<typeof DatabaseEntry>;

const ClusterEntry = z.strictObject({ context: z.string().min(1).optional(), kubeconfig: z.string().min(1).optional() });
export type ClusterEntry = z.output<typeof ClusterEntry>;

const HostEntry = z.strictObject({
  ssh: z.string().min(1).optional(),
  unit: z.string().min(1).optional(),
  container: z.string().min(1).optional(),
  environment: z.enum(["production", "staging", "test"]).default("production"),
});
export type HostEntry = z.output<typeof HostEntry>;

const ServerEntry = z
  .strictObject({
    url: z.url().optional(),
    tokenEnv: z.string().min(1).optional(),
    command: z.string().min(1).optional(),
    args: z.array(z.string()).optional(),
    env: z.record(z.string(), z.string()).optional(),
  })
  .superRefine((entry, context) => {
    atMostOne(entry, ["url", "command"], context);
    if (entry.url === undefined && entry.command === undefined) context.addIssue({ code: "custom", message: "expected url or command" });
  });
export type ServerEntry = z.output<typeof ServerEntry>;

const AgentEntry = z.strictObject({ card: z.url(), tokenEnv: z.string().min(1).optional() });
export type AgentEntry = z.output<typeof AgentEntry>;

const ModelEntry = z.strictObject({
  provider: z.enum(["anthropic", "openai", "google", "openai-compatible"]),
  name: z.string().min(1),
  baseUrl: z.url().optional(),
  apiKeyEnv: z.string().min(1).optional(),
});
export type ModelEntry = z.output<typeof ModelEntry>;

export const InventorySchema = z
  .strictObject({
    databases: z.record(Name, DatabaseEntry).default({}),
    clusters: z.record(Name, ClusterEntry).default({}),
    hosts: z.record(Name, HostEntry).default({}),
    servers: z.record(Name, ServerEntry).default({}),
    agents: z.record(Name, AgentEntry).default({}),
    model: ModelEntry.optional(),
    policy: z.string().min(1).optional(),
  })
  .superRefine((inventory, context) => {
    for (const [name, { kubernetes, host, passwordSecret }] of Object.entries(inventory.databases)) {
      const named = (where: readonly string[], what: "clusters" | "hosts", wanted: string | undefined) => {
        if (wanted === undefined || Object.hasOwn(inventory[what], wanted)) return;
        const message = `${JSON.stringify(wanted)} is not in ${what}.${didYouMean(wanted, Object.keys(inventory[what]))}`;
        context.addIssue({ code: "custom", path: ["databases", name, ...where], message });
      };
      named(["kubernetes", "cluster"], "clusters", kubernetes?.cluster);
      named(["passwordSecret", "cluster"], "clusters", passwordSecret?.cluster);
      named(["host"], "hosts", host);
    }
  });
export type InventoryFile = z.output<typeof InventorySchema>;

function atMostOne<E extends object>(entry: E, keys: readonly (keyof E & string)[], context: z.RefinementCtx): void {
  const given = keys.filter((key) => entry[key] !== undefined);
  const [, second] = given;
  if (second !== undefined) context.addIssue({ code: "custom", path: [second], message: `expected only one of ${given.join(", ")}` });
}
