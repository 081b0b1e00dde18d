import { debianBinaries, installedMajors, type Major, type SandboxOptions } from "../sandbox/server.ts";

/** What tests of probes and tools run on: the oldest, a middle and the newest PostgreSQL from npm, and Debian's own where it is there. */
export interface TestedVersion {
  readonly name: string;
  readonly major: Major;
  readonly options: Pick<SandboxOptions, "major" | "binaries">;
}

const TESTED: readonly Major[] = [13, 16, 18];
const DEBIAN: Major = 15;

export const POSTGRES_VERSIONS: readonly TestedVersion[] = [
  ...installedMajors()
    .filter((major) => TESTED.includes(major))
    .map((major) => ({ name: `PostgreSQL ${major}`, major, options: { major } })),
  ...[debianBinaries(DEBIAN)].flatMap((binaries) =>
    binaries === null ? [] : [{ name: `Debian's PostgreSQL ${DEBIAN}`, major: DEBIAN, options: { binaries } }],
  ),
];
