import type { Config } from "../../kernel/config.ts";
import type { EarlyStart } from "../../kernel/serve-stdio.ts";
import { postgresServer } from "../../servers/postgres/main.ts";
import { packageVersion } from "../package.ts";
import { openWorkspace } from "../workspace.ts";
import type { ServeArguments } from "./serve-arguments.ts";

/** `helpdesk serve`: one server, over stdio for a host that starts it, or over HTTP. Ends when the host or a signal says so. */
export async function serve(
  { inventory, url, programs, tokenFile, allowedHosts, allowedOrigins, door }: ServeArguments,
  config: Config,
  early?: EarlyStart,
): Promise<number> {
  const workspace = await openWorkspace({ config, inventory, url, logLevel: "info" });
  const server = postgresServer(workspace.inventory, config, workspace.log);
  const version = packageVersion();
  const { operator } = config;
  if (door.kind === "stdio") {
    const { serveStdio } = await import("../../kernel/serve-stdio.ts");
    const { policy } = workspace.inventory;
    const alsoOn = policy === undefined ? [] : [policy];
    await serveStdio(server, workspace.road, { version, operator, programs, ...(early && { early: { ...early, alsoOn } }) });
    return 0;
  }
  const [{ serveHttp }, { loadBearerTokens }, { onStopSignal }] = await Promise.all([
    import("../../kernel/serve-http.ts"),
    import("../../kernel/bearer-tokens.ts"),
    import("../../kernel/stop-signal.ts"),
  ]);
  const tokens = await loadBearerTokens({ env: config.env, file: tokenFile, warn: (message) => workspace.log.warn(message) });
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  onStopSignal(stop);
  const service = await serveHttp(server, workspace.road, {
    version,
    operator,
    programs,
    tokens,
    allowedHosts,
    allowedOrigins,
    port: door.port,
    ...(door.host !== undefined && { host: door.host }),
  });
  process.stderr.write(`helpdesk serves ${server.title} at ${service.url} (Ctrl-C ends it)\n`);
  await stopped;
  await service.close();
  return 0;
}
