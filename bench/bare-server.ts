import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import pg from "pg";
import { z } from "zod";

/** The same SDK and driver with one tool and nothing else: the floor that our server is measured against. */
const client = new pg.Client({ connectionString: process.env["DATABASE_URL"] });
let connected: Promise<unknown> | undefined;
const server = new McpServer({ name: "bare", version: "0" });
server.registerTool("query", { description: "Runs a fixed query", inputSchema: z.strictObject({}) }, async () => {
  connected ??= client.connect();
  await connected;
  const { rows } = await client.query("select 1");
  return { content: [{ type: "text", text: JSON.stringify(rows) }] };
});
await server.connect(new StdioServerTransport());
process.stdin.once("end", () => process.exit(0));
