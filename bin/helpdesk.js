#!/usr/bin/env node
// The one launcher. Old Node versions have to be able to read this file, so that it can say (or find) which Node is needed:
// no syntax or import that Node 16 does not have. On a good Node it loads dist/ when that is built, else the sources;
// HELPDESK_SOURCE=1 takes the sources of a checkout though dist/ is there.
import { existsSync, readdirSync } from "node:fs";
import * as nodeModule from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import v8 from "node:v8";

const NEEDED = [22, 19];
const launcher = fileURLToPath(import.meta.url);
const root = path.dirname(path.dirname(launcher));

if (isNewEnough(process.versions.node)) {
  // Loading makes garbage of which little survives: with a young generation that grows at once, a start collects twice
  // instead of seven times and takes a tenth less of the processor (measured with Node 24).
  v8.setFlagsFromString("--semi-space-growth-factor=16");
  keepCompiledCode();
  const built = path.join(root, "dist", "orchestrator", "main.js");
  const source = path.join(root, "orchestrator", "main.ts");
  const useSource = process.env.HELPDESK_SOURCE === "1" || !existsSync(built);
  const { main } = await import(pathToFileURL(useSource ? source : built).href);
  process.exitCode = await main(process.argv.slice(2));
} else {
  const node = process.env.HELPDESK_RELAUNCHED === "1" ? undefined : ownNode();
  if (node === undefined) {
    process.stderr.write(
      `helpdesk needs Node.js ${NEEDED.join(".")} or later, and this is ${process.version}: install a newer one, or run \`npm ci\` in the checkout, which brings its own.\n`,
    );
    process.exitCode = 2;
  } else {
    await relaunch(node);
  }
}

function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

// In the user's own cache: compiled code in a folder that others can write to would be theirs to choose.
function keepCompiledCode() {
  const { NODE_COMPILE_CACHE, XDG_CACHE_HOME, HOME } = process.env;
  const cache = XDG_CACHE_HOME && path.isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : HOME && path.join(HOME, ".cache");
  if (NODE_COMPILE_CACHE) nodeModule.enableCompileCache();
  else if (cache) nodeModule.enableCompileCache(path.join(cache, "aihelpdesk", "compiled"));
}

// The npm package `node`, which a checkout has among its development dependencies.
function ownNode() {
  const modules = path.join(root, "node_modules");
  const platforms = existsSync(modules) ? readdirSync(modules).filter((name) => /^node-(?!bin-setup$)/.test(name)) : [];
  const folders = ["node", ...platforms].map((name) => path.join(modules, name, "bin"));
  const candidates = folders.concat(path.join(modules, ".bin")).map((folder) => path.join(folder, "node"));
  return candidates.find((file) => existsSync(file));
}

// Whoever started us sees the child's output, exit status and signals as ours. A terminal sends Ctrl-C to the child by itself.
async function relaunch(node) {
  const { spawn } = await import("node:child_process");
  const child = spawn(node, [launcher, ...process.argv.slice(2)], {
    stdio: "inherit",
    env: { ...process.env, HELPDESK_RELAUNCHED: "1" },
  });
  const handlers = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"].map((signal) => {
    const pass = () => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    };
    process.on(signal, pass);
    return [signal, pass];
  });
  await new Promise((resolve) => {
    child.on("error", (error) => {
      process.stderr.write(`helpdesk cannot start ${node}: ${error.code}\n`);
      process.exitCode = 2;
      resolve();
    });
    child.on("exit", (code, signal) => {
      for (const [name, pass] of handlers) process.off(name, pass);
      if (signal === null) process.exitCode = code === null ? 2 : code;
      else process.kill(process.pid, signal);
      resolve();
    });
  });
}
