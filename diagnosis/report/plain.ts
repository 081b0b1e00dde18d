/**
 * Text that may have come from the target, made fit to be shown: one line, no control characters, no characters that
 * reorder or hide others, at most `limit` characters. A diagnosis may be read back from somebody's bundle, so reports
 * do this whatever the probes have done before.
 */
export function plain(text: string, limit = 400): string {
  const line = text
    .replace(TERMINAL_SEQUENCES, "")
    .replace(/[\s\u0085]+/gu, " ")
    .replace(UNSHOWABLE, "")
    .trim();
  const characters = [...line];
  return characters.length <= limit
    ? line
    : `${characters
        .slice(0, limit - 1)
        .join("")
        .trimEnd()}…`;
}

/** CSI and OSC sequences whole, so that "[31m" is not left behind when the escape goes. */
const TERMINAL_SEQUENCES = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b\]|\u009d)[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?/gu;

/** C0, C1, soft hyphen, zero-width and bidirectional controls, tags, lone surrogates, private use. */
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu;
