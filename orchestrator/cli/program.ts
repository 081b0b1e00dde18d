import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { Config } from "../../kernel/config.ts";
import { redact, strip } from "../../kernel/untrusted.ts";
import { packageVersion } from "../package.ts";
import { COULD_NOT } from "./failure.ts";
import { CLIENTS } from "./mcp-clients.ts";
import { isHost, isOrigin, parseAddress, SERVERS } from "./serve-arguments.ts";
import { columnsOf } from "./terminal.ts";

/**
 * The commands, their options and their help. What a command does is in its own file, loaded when it is called.
 */
export async function runProgram(argv: readonly string[], config: Config): Promise<number> {
  let status = 0;
  const program = describe(config, (code) => {
    status = code;
  });
  if (argv.length === 0) {
    program.outputHelp();
    return 0;
  }
  try {
    await program.parseAsync(argv, { from: "user" });
    return status;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : COULD_NOT;
    throw thrown;
  }
}

function describe(config: Config, ends: (status: number) => void): Command {
  const program = new Command("helpdesk")
    .description("Finds the root cause of trouble in PostgreSQL, with evidence, and repairs it after a person agrees.")
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "show this help")
    .helpCommand("help [command]", "show the help of a command")
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureHelp({ sortSubcommands: false })
    .configureOutput({
      getOutHelpWidth: () => columnsOf(process.stdout),
      getErrHelpWidth: () => columnsOf(process.stderr),
      writeErr: (text) => void process.stderr.write(redact(strip(text))),
      outputError: (text, write) =>
        // Excess arguments are not repeated: one may be a connection string in pieces.
        write(
          text
            .replace(/^error: /u, "helpdesk: ")
            .replace(/ (?:argument|value) '.*\/\/.*' is invalid/su, " is invalid")
            .replace(/ but got (\d+): .*$/mu, ", not $1.")
            .replace(/\n\(Did you mean (.*)\?\)/su, "; did you mean $1?"),
        ),
    })
    .addHelpText(
      "after",
      paragraphs(
        "Exit status: 0 fine, 1 problems found, 2 could not be done.",
        "The databases are in helpdesk.yaml (`helpdesk init` writes one): --inventory, $HELPDESK_INVENTORY, ./helpdesk.yaml or the one in your configuration folder. Without one, DATABASE_URL or the PG* variables say where the database is.",
        "Begin with `helpdesk demo`: it needs no database. Then `helpdesk diagnose --url postgres://...`.",
      ),
    );
  program.allowExcessArguments(false);
  addDiagnose(program, config, ends);
  addServe(program, config, ends);
  addInit(program, config, ends);
  addMcpConfig(program, config, ends);
  addDoctor(program, config, ends);
  addApprove(program, config, ends);
  addAudit(program, config, ends);
  addDemo(program, config, ends);
  // Settings are inherited by subcommands only when they are copied.
  for (const command of program.commands) inherit(command, program);
  return program;
}

type Ends = (status: number) => void;

function inherit(command: Command, from: Command): void {
  command.copyInheritedSettings(from).allowExcessArguments(false).helpOption("-h, --help", "show this help");
  command.showHelpAfterError(`See helpdesk ${pathOf(command)} --help.`);
  for (const inner of command.commands) inherit(inner, command);
}

function pathOf(command: Command): string {
  const parent = command.parent;
  return parent === null || parent.parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`;
}

function addDiagnose(program: Command, config: Config, ends: Ends): void {
  program
    .command("diagnose")
    .summary("find the root cause of a database's trouble")
    .description(
      "Gathers evidence from one database for a few seconds and names what is wrong, since when, what proves it and what to do. Changes nothing.",
    )
    .argument("[target]", "a database of the inventory; may be left out when there is one only")
    .option("--url <url>", "a connection string instead of an inventory")
    .option("--inventory <file>", "the inventory to take the target from")
    .option("--symptom <text>", "what is wrong, in the words of whoever complains")
    .addOption(new Option("--seconds <number>", "how long counters and waits are observed (default: 3)").argParser(seconds))
    .addOption(new Option("--json", "print the diagnosis as JSON, and nothing else").conflicts("markdown"))
    .addOption(new Option("--markdown", "print the report as Markdown, for a ticket").conflicts("json"))
    .option("--html <file>", "also write the report, with charts, as one HTML file (- for stdout)")
    .addHelpText(
      "after",
      examples(
        ["helpdesk diagnose orders", "the database that helpdesk.yaml calls orders"],
        ["helpdesk diagnose --url postgres://helpdesk@db1/orders", "without an inventory"],
        ['helpdesk diagnose orders --symptom "checkout times out"', "what was said counts as evidence"],
        ["helpdesk diagnose orders --json | jq .causes[0]", "for programs"],
        ["helpdesk diagnose orders --html report.html", "to open, send or print"],
      ) +
        paragraphs(
          "Exit status: 0 healthy, 1 problems found or not everything could be seen, 2 could not be done. A database that cannot be reached is a diagnosis (1).",
        ),
    )
    .action(async (target: string | undefined, options: Options) => {
      const { diagnoseCommand } = await import("./diagnose.ts");
      const format = options["json"] === true ? "json" : options["markdown"] === true ? "markdown" : "text";
      ends(
        await diagnoseCommand(
          {
            target,
            url: text(options, "url"),
            inventory: text(options, "inventory"),
            symptom: text(options, "symptom"),
            seconds: number(options, "seconds"),
            format,
            html: text(options, "html"),
          },
          config,
        ),
      );
    });
}

function addServe(program: Command, config: Config, ends: Ends): void {
  program
    .command("serve")
    .summary("serve the tools over MCP to an assistant or a program")
    .description("Serves one of the suite's MCP servers, over stdio (which is what a host starts) or over Streamable HTTP.")
    .addArgument(program.createArgument("<server>", "which").choices(SERVERS))
    .addOption(new Option("--stdio", "over stdin and stdout (the default)").conflicts("http"))
    .addOption(new Option("--http <[host:]port>", "over HTTP, on loopback unless tokens are configured").argParser(address))
    .option("--programs", "also list the tools that are meant for programs")
    .option("--token-file <file>", "bearer tokens for HTTP: lines of `subject token`; or $HELPDESK_HTTP_TOKEN")
    .addOption(repeatable("--allow-host <name>", "another name by which HTTP clients may call; repeatable", isHost, NO_HOST))
    .addOption(repeatable("--allow-origin <origin>", "a web page that may call over HTTP; repeatable", isOrigin, NO_ORIGIN))
    .option("--inventory <file>", "the inventory to serve")
    .option("--url <url>", "a connection string instead of an inventory")
    .addHelpText(
      "after",
      examples(
        ["helpdesk serve postgres", "what a host starts; `helpdesk mcp-config` prints its configuration"],
        ["helpdesk serve postgres --http 3111", "http://127.0.0.1:3111/mcp, /healthz and /metrics"],
      ) + paragraphs("Tools that change something are listed only where the policy allows them, and act only after a person agreed."),
    )
    .action(async (server: (typeof SERVERS)[number], options: Options) => {
      const { serve } = await import("./serve.ts");
      const http = options["http"] === undefined ? null : parseAddress(String(options["http"]));
      ends(
        await serve(
          {
            server,
            inventory: text(options, "inventory"),
            url: text(options, "url"),
            programs: options["programs"] === true,
            tokenFile: text(options, "tokenFile"),
            allowedHosts: texts(options, "allowHost"),
            allowedOrigins: texts(options, "allowOrigin"),
            door: http ?? { kind: "stdio" },
          },
          config,
        ),
      );
    });
}

function addInit(program: Command, config: Config, ends: Ends): void {
  program
    .command("init")
    .summary("write an inventory, and print the SQL for the role to connect as")
    .description(
      "Asks where the database is, writes helpdesk.yaml, and prints the SQL that makes the least-privileged role for it. With --url it asks nothing.",
    )
    .option("--url <url>", "where the database is")
    .option("--name <name>", "what tools and people call it")
    .addOption(new Option("--environment <name>", "how careful to be").choices(["production", "staging", "test"]))
    .option("--password-env <variable>", "the environment variable that holds the password")
    .option("--file <file>", "where to write; ./helpdesk.yaml by default")
    .option("--sql", "print only the SQL for the role, and write nothing")
    .addHelpText(
      "after",
      examples(
        ["helpdesk init", "asks"],
        ["helpdesk init --url postgres://helpdesk@db1/orders --name orders --environment production", ""],
        ["helpdesk init --sql | psql -d orders", "make the role"],
      ) +
        paragraphs(
          "A password in the connection string is not written into the inventory: it goes to a file of its own that only you can read.",
        ),
    )
    .action(async (options: Options) => {
      const { initCommand } = await import("./init.ts");
      ends(
        await initCommand(
          {
            url: text(options, "url"),
            name: text(options, "name"),
            environment: text(options, "environment"),
            passwordEnv: text(options, "passwordEnv"),
            file: text(options, "file"),
            isSqlOnly: options["sql"] === true,
          },
          config,
        ),
      );
    });
}

function addMcpConfig(program: Command, config: Config, ends: Ends): void {
  program
    .command("mcp-config")
    .summary("print the configuration that makes a host assistant start the server")
    .description(
      "Prints the JSON that makes an assistant start this installation of the PostgreSQL server, with absolute paths. --write merges it into the assistant's own file.",
    )
    .addArgument(program.createArgument("<client>", "which assistant").choices(CLIENTS))
    .option("--write", "merge it into the file that the assistant reads; what else is there stays, and a backup is kept")
    .option("--file <file>", "another file to merge into")
    .option("--inventory <file>", "the inventory that the server shall use")
    .option("--name <name>", "what the assistant calls the server", "helpdesk-postgres")
    .addHelpText(
      "after",
      examples(
        ["helpdesk mcp-config claude-desktop --write", "then restart Claude Desktop"],
        ["helpdesk mcp-config claude-code --write", "./.mcp.json, for this project"],
        ["helpdesk mcp-config vscode", "print it only"],
      ),
    )
    .action(async (client: (typeof CLIENTS)[number], options: Options) => {
      const { mcpConfigCommand } = await import("./mcp-config.ts");
      ends(
        await mcpConfigCommand(
          {
            client,
            isWritten: options["write"] === true,
            file: text(options, "file"),
            inventory: text(options, "inventory"),
            name: text(options, "name") ?? "helpdesk-postgres",
          },
          config,
        ),
      );
    });
}

function addDoctor(program: Command, config: Config, ends: Ends): void {
  program
    .command("doctor")
    .summary("say what works here, what is missing, and how to get it")
    .description(
      "Checks this installation: Node, the inventory and the policy, each database (reachable, role, grants, extensions), the state folder, the audit trail, the sandbox. Changes nothing.",
    )
    .option("--inventory <file>", "the inventory to check")
    .option("--json", "print only JSON")
    .addHelpText("after", paragraphs("Exit status: 0 everything needed works, 1 something does not."))
    .action(async (options: Options) => {
      const { doctorCommand } = await import("./doctor.ts");
      ends(await doctorCommand({ inventory: text(options, "inventory"), isJson: options["json"] === true }, config));
    });
}

function addApprove(program: Command, config: Config, ends: Ends): void {
  program
    .command("approve")
    .summary("agree to (or refuse) a change that an assistant asked for")
    .description(
      "Without an id, lists the changes that wait for an answer. With one, shows the plan and asks, at a terminal only. The approval holds for that plan only, expires, and works once.",
    )
    .argument("[id]", "of the request")
    .option("--refuse", "say no")
    .option("--json", "list as JSON")
    .addHelpText("after", examples(["helpdesk approve", "what waits"], ["helpdesk approve 3f9a01c2d4", "see the plan, and decide"]))
    .action(async (id: string | undefined, options: Options) => {
      const { approveCommand } = await import("./approve.ts");
      ends(await approveCommand({ id, isRefused: options["refuse"] === true, isJson: options["json"] === true }, config));
    });
}

function addAudit(program: Command, config: Config, ends: Ends): void {
  const audit = program
    .command("audit")
    .summary("prove the audit trail whole, or read it")
    .description("Every call of every tool is recorded, in order, bound by a keyed hash to all before it.");
  audit
    .command("verify")
    .description(
      "Proves that no record was changed, removed or inserted, or names the first that is broken. Prints an anchor to keep elsewhere; --anchor takes one back.",
    )
    .option("--anchor <entries:head>", "what an earlier verify printed")
    .option("--json", "print only JSON")
    .addHelpText("after", paragraphs("Exit status: 0 whole, 1 broken."))
    .action(async (options: Options) => {
      const { auditVerifyCommand } = await import("./audit.ts");
      ends(await auditVerifyCommand({ anchor: text(options, "anchor"), isJson: options["json"] === true }, config));
    });
  audit
    .command("show")
    .description("Prints the latest records, oldest first.")
    .addOption(new Option("--limit <number>", "how many").argParser(count).default(50))
    .addOption(new Option("--since <time>", "only what came later, such as 2026-03-14T09:00Z").argParser(instant))
    .option("--json", "one record a line, as JSON")
    .action(async (options: Options) => {
      const { auditShowCommand } = await import("./audit.ts");
      const { since } = options;
      ends(
        await auditShowCommand(
          { limit: number(options, "limit") ?? 50, since: since instanceof Date ? since : undefined, isJson: options["json"] === true },
          config,
        ),
      );
    });
}

function addDemo(program: Command, config: Config, ends: Ends): void {
  program
    .command("demo")
    .summary("break a throw-away PostgreSQL, diagnose it, repair it")
    .description(
      "Starts a PostgreSQL of its own, makes a real incident in it, diagnoses it, proposes a remedy, carries it out after asking, verifies the cure, and removes everything but an HTML report. Takes less than a minute; touches none of your databases.",
    )
    .option("--yes", "agree to the remedy without being asked (assumed without a terminal: it is a sandbox)")
    .option("--keep", "leave the PostgreSQL running afterwards, until Ctrl-C, to look around")
    .action(async (options: Options) => {
      const { demoCommand } = await import("./demo.ts");
      ends(await demoCommand({ isAgreed: options["yes"] === true, isKept: options["keep"] === true }, config));
    });
}

/** What commander collected: by the options above. */
type Options = Readonly<Record<string, unknown>>;

function text(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}

function texts(options: Options, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value.map(String) : [];
}

const NO_HOST = "It must be a name such as helpdesk.example.com, with or without a port.";
const NO_ORIGIN = "It must be an origin such as https://helpdesk.example.com, without a path.";

function repeatable(flags: string, says: string, isOne: (given: string) => boolean, otherwise: string): Option {
  return new Option(flags, says).argParser((given: string, before: readonly string[] = []) => {
    if (!isOne(given)) throw new InvalidArgumentError(otherwise);
    return [...before, given];
  });
}

function number(options: Options, name: string): number | undefined {
  const value = options[name];
  return typeof value === "number" ? value : undefined;
}

const MIN_SECONDS = 0.2;
const MAX_SECONDS = 30;

function seconds(given: string): number {
  const parsed = Number(given);
  if (given.trim() === "" || !(parsed >= MIN_SECONDS && parsed <= MAX_SECONDS)) {
    throw new InvalidArgumentError(`It must be a number from ${MIN_SECONDS} to ${MAX_SECONDS}.`);
  }
  return parsed;
}

function count(given: string): number {
  if (!/^\d{1,6}$/u.test(given) || Number(given) === 0) throw new InvalidArgumentError("It must be a whole number above 0.");
  return Number(given);
}

function instant(given: string): Date {
  const parsed = new Date(given);
  if (Number.isNaN(parsed.getTime())) throw new InvalidArgumentError("It must be a time such as 2026-03-14T09:00Z.");
  return parsed;
}

function address(given: string): string {
  if (parseAddress(given) === null) throw new InvalidArgumentError("It must be a port, or host:port.");
  return given;
}

function paragraphs(...texts: readonly string[]): string {
  return texts.map((one) => `\n${fold(one, "")}\n`).join("");
}

function examples(...lines: readonly (readonly [command: string, says: string])[]): string {
  return `\nExamples:\n${lines.map(([command, says]) => `  ${command}${says === "" ? "" : `\n      ${says}`}`).join("\n")}\n`;
}

function fold(given: string, indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of given.split(" ")) {
    if (line.length + word.length > 78 && line.trim() !== "") {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()].join("\n");
}
