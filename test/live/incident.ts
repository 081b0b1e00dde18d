import { type Major, type SandboxServer, type Settings, startSandbox } from "../../sandbox/server.ts";
import { ask, type Row, type Sessions, sessionsOn, waitUntil } from "../../sandbox/sessions.ts";
import { type Observer, observe } from "./diagnose-live.ts";

/**
 * A real incident, made on a server of its own, with what a diagnosis of it must say.
 *
 * `inject` leaves teardown to the bench: what it makes is owned by it, or ends with the server.
 */
export interface Incident {
  /** What the diagnosis must name first. */
  readonly cause: string;
  /** Where there are several of one cause: which one this is, as a file's name. */
  readonly variant?: string;
  readonly title: string;
  /** What a user would say; never the answer. */
  readonly complaint?: string;
  readonly settings?: Settings | ((major: Major) => Settings);
  readonly hba?: readonly string[];
  /** Below it PostgreSQL cannot have the incident, or cannot tell. */
  readonly minMajor?: Major;
  readonly expect: {
    /** Part of the object that the cause must name. */
    readonly object?: Readonly<Record<string, unknown>>;
    /** Tempting wrong answers: must not be claimed. */
    readonly never?: readonly string[];
  };
  /** Whom to look as. Default: the superuser. */
  readonly role?: string;
  /** Of observing. Default 0.5; what shows in rates only needs more. */
  readonly seconds?: number;
  /** Looks once before the incident, and keeps the connection that it looked with. */
  readonly keepsWatch?: boolean;
  inject(bench: Bench): PromiseLike<unknown>;
  /** A query of one boolean, or a look at the world, with the URL that will be diagnosed. Polled before anyone diagnoses. */
  readonly isLive: string | ((bench: Bench, url: string) => Promise<boolean>);
  /** After it, the cause must be gone. */
  cure?(bench: Bench): PromiseLike<unknown>;
}

/** A password that must never be seen in anything that we say. */
export const CANARY = "s3cret-canary";

/** Identity: it exists so that an incident is checked where it is written. */
export function defineIncident(incident: Incident): Incident {
  return incident;
}

/** What an incident is made on and of. */
export interface Bench {
  readonly server: SandboxServer;
  readonly sessions: Sessions;
  ask(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  waitUntil(what: string, holds: string | (() => boolean | Promise<boolean>)): Promise<void>;
  /** Where to look, if that is not simply the server. */
  lookAt(url: string): void;
  /** Disposed of after the incident, last first. */
  own<D extends AsyncDisposable>(disposable: D): D;
}

export interface Stage extends AsyncDisposable {
  readonly bench: Bench;
  readonly observer: Observer;
}

/** The file name of an incident's snapshot, without `.json`. */
export function nameOf({ cause, variant }: Incident): string {
  return variant === undefined ? cause : `${cause}.${variant}`;
}

/** Makes the incident and waits until it shows. */
export async function stage(incident: Incident, options: { readonly major: Major; readonly binaries?: string }): Promise<Stage> {
  const owned: AsyncDisposable[] = [];
  const own = <D extends AsyncDisposable>(disposable: D): D => {
    owned.push(disposable);
    return disposable;
  };
  const dispose = async () => {
    for (const disposable of owned.splice(0).reverse()) await disposable[Symbol.asyncDispose]();
  };
  try {
    const { settings = {} } = incident;
    const server = own(
      await startSandbox({
        ...options,
        settings: typeof settings === "function" ? settings(options.major) : settings,
        ...(incident.hba !== undefined && { hba: incident.hba }),
      }),
    );
    const sessions = own(sessionsOn(server));
    let url = server.url(incident.role === undefined ? {} : { role: incident.role });
    const bench: Bench = {
      server,
      sessions,
      ask: (text, values) => ask(server, text, values),
      waitUntil: (what, holds) => waitUntil(server, what, holds, { timeoutSeconds: 120 }),
      lookAt(elsewhere) {
        url = elsewhere;
      },
      own,
    };
    // Every server that is looked after has it; without it a diagnosis ends with the advice to create it.
    await bench.ask("create extension pg_stat_statements");
    const watching = incident.keepsWatch === true ? own(observe(url)) : null;
    await watching?.look({ seconds: 0.2 });
    await incident.inject(bench);
    const { isLive } = incident;
    await bench.waitUntil(`${nameOf(incident)} is live`, typeof isLive === "string" ? isLive : () => isLive(bench, url));
    return { bench, observer: watching ?? own(observe(url)), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
