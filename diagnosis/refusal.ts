import type { PgConnect } from "./evidence/pg-connection.ts";

/**
 * Why a connection was not made: one answer for every failure, so that exactly one rule reports it. By SQLSTATE and
 * error code; the server's words decide only where one code stands for several things, and then in every language of
 * PostgreSQL's catalogues (src/backend/po) that says it differently. What they do not decide stays "other". Pure.
 */
export type Refusal =
  | "name-not-resolved"
  | "nothing-listens"
  | "unreachable"
  | "no-answer"
  | "dropped"
  | "tls-required"
  | "tls-mismatch"
  | "certificate-out-of-date"
  | "wrong-password"
  | "role-missing"
  | "hba-rejects"
  | "database-missing"
  | "role-limit"
  | "database-limit"
  | "no-slots"
  | "starting"
  | "shutting-down"
  | "other";

/** Null when the connection was made. */
export function refusalOf(connect: PgConnect): Refusal | null {
  if (connect.outcome === "connected") return null;
  return connect.sqlState === null ? byErrorCode(connect) : byState(connect.sqlState, connect);
}

/** Whether the attempt that was refused went over TLS. libpq's `prefer` and `allow` try both ways before they give up. */
function neverTriedTls(connect: PgConnect): boolean {
  return connect.tls === null && connect.sslMode === "disable";
}

function byState(state: string, connect: PgConnect): Refusal {
  const words = connect.message ?? "";
  switch (state) {
    case "28P01":
      return "wrong-password";
    case "28000":
      // The file's name is not translated.
      if (words.includes("pg_hba.conf")) {
        const isRejected = /pg_hba\.conf rejects/i.test(words);
        return neverTriedTls(connect) && connect.serverOffersTls !== false && !isRejected ? "tls-required" : "hba-rejects";
      }
      return isMissingRole(words) ? "role-missing" : "other";
    case "3D000":
      return "database-missing";
    case "53300":
      return slotsOf(words, connect);
    case "57P03":
      if (SHUTTING_DOWN.test(words)) return "shutting-down";
      return STARTING.test(words) ? "starting" : "other";
    case "57P01":
      return "shutting-down";
    case "57P02":
      return "starting";
    default:
      return "other";
  }
}

/** "too many connections for role/database" quotes the name in every language; "sorry, too many clients" quotes none. */
function slotsOf(words: string, { role, database }: PgConnect): Refusal {
  const quoted = /["«»「“]\s?(.+?)\s?["«»」”]/.exec(words)?.[1];
  if (quoted === undefined) return "no-slots";
  const ofDatabase = DATABASE_WORDS.test(words);
  if (quoted === database && (quoted !== role || ofDatabase)) return "database-limit";
  return quoted === role ? "role-limit" : "no-slots";
}

const DATABASE_WORDS = /database|datenbank|base de d|databasen|データベース|데이터베이스|баз|БД|ბაზისთვის|数据库/i;

function isMissingRole(words: string): boolean {
  return MISSING_ROLE.test(words);
}

/** 'role "%s" does not exist': en de es fr it ja ka ko ru sv uk zh_CN. */
const MISSING_ROLE =
  /does not exist|existiert nicht|no existe el rol|n'existe pas|non esiste|存在しません|არ არსებობს|롤\(role\) 없음|не существует|finns inte|не існує|不存在/i;

/** "the database system is shutting down". */
const SHUTTING_DOWN =
  /is shutting down|fährt herunter|apagándose|s'arrête|si sta spegnendo|シャットダウンしています|ითიშება|중지 중|останавливается|stänger ner|завершує роботу|停止中/i;

/** "... is starting up", "... is in recovery mode", "... is not (yet) accepting connections". */
const STARTING = new RegExp(
  [
    "is starting up|in recovery mode|accepting connections",
    "Datenbanksystem startet|Wiederherstellungsmodus|nimmt (?:noch )?keine Verbindungen an",
    "iniciándose|modo de recuperación|no está aceptando conexiones",
    "se lance|cours de restauration|n'accepte pas (?:encore )?de connexions",
    "si sta avviando|modalità di ripristino|non accetta (?:ancora )?connessioni",
    "起動処理中|リカバリモード|接続を受け付けていません",
    "მიმდინარეობს მონაცემთა|აღდგენის რეჟიმშია|მიერთებებს არ იღებს",
    "새로 가동 중|자동 복구 작업 중|접속을 허용하지 않습니다",
    "запускается|режиме восстановления|не принимает подключения",
    "startar upp|är återställningsläge|tar (?:ännu )?inte emot anslutningar",
    "запускається|режимі відновлення|не приймає підключення",
    "启动中|恢复模式",
  ].join("|"),
  "i",
);

function byErrorCode(connect: PgConnect): Refusal {
  const code = connect.errorCode ?? "";
  if (connect.stage === "resolve" || NAME_CODES.has(code)) return NAME_CODES.has(code) ? "name-not-resolved" : "other";
  if (code === "PASSWORD_REQUIRED") return "wrong-password";
  if (code === "TLS_NOT_OFFERED") return "tls-mismatch";
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") return "certificate-out-of-date";
  if (isAboutTls(code)) return "tls-mismatch";
  if (connect.stage === "connect") {
    // A socket file that is not there is a server that does not listen.
    if (code === "ECONNREFUSED" || code === "ENOENT") return "nothing-listens";
    if (NETWORK_CODES.has(code)) return "unreachable";
  }
  if (code === "ECONNREFUSED") return "nothing-listens";
  if (code === "ETIMEDOUT") return "no-answer";
  if (code === "ECONNRESET" || code === "EPIPE") return "dropped";
  return "other";
}

const NAME_CODES = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "EAI_NODATA", "EAI_NONAME", "ENODATA", "ESERVFAIL"]);
const NETWORK_CODES = new Set(["ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN", "ENETDOWN", "EACCES", "EADDRNOTAVAIL"]);

/** OpenSSL's X509 verdicts as Node names them, and its handshake errors. */
function isAboutTls(code: string): boolean {
  return /CERT|SELF_SIGNED|^UNABLE_TO_|^ERR_(?:TLS|SSL|OSSL)|^EPROTO$|CRL|ISSUER|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE/.test(code);
}

/** The object of everything that keeps a client from reaching the server. */
export function addressOf(connect: PgConnect): { readonly kind: "address"; readonly host: string; readonly port?: number } {
  return isSocket(connect) ? { kind: "address", host: connect.host } : { kind: "address", host: connect.host, port: connect.port };
}

export function isSocket({ host }: PgConnect): boolean {
  return host.startsWith("/");
}

/** What a report needs of any failure. Plain values; no secret is ever in pg.connect. */
export function refusalFacts(connect: PgConnect): Readonly<Record<string, string | number | boolean | null>> {
  return {
    host: connect.host,
    port: connect.port,
    database: connect.database,
    role: connect.role,
    stage: connect.stage,
    sqlState: connect.sqlState,
    errorCode: connect.errorCode,
    serverSaid: connect.message,
    sslMode: connect.sslMode,
  };
}
