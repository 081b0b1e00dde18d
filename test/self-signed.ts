import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** A key and a certificate that signs itself, in PEM: for servers that tests start. No program but Node is needed. */
export interface SelfSigned {
  readonly key: string;
  readonly certificate: string;
}

/** X.509 version 3 (RFC 5280) with ECDSA P-256, made by hand: Node makes keys and no certificates. */
export function selfSigned({ name, validFrom, validTo }: { name: string; validFrom: Date; validTo: Date }): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const subject = sequence(set(sequence(oid("550403"), der(0x0c, Buffer.from(name)))));
  const algorithm = sequence(oid("2a8648ce3d040302"));
  const alternativeName = sequence(oid("551d11"), der(0x04, sequence(der(0x82, Buffer.from(name)))));
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    subject,
    sequence(time(validFrom), time(validTo)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(alternativeName)),
  );
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign("sha256", body, privateKey)]));
  return {
    key: String(privateKey.export({ type: "pkcs8", format: "pem" })),
    certificate: pem(sequence(body, algorithm, signature)),
  };
}

/** Tag, length, contents. */
function der(tag: number, contents: Buffer): Buffer {
  const { length } = contents;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), contents]);
  const size = length < 0x100 ? Buffer.from([0x81, length]) : Buffer.from([0x82, length >> 8, length & 0xff]);
  return Buffer.concat([Buffer.from([tag]), size, contents]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function set(...parts: readonly Buffer[]): Buffer {
  return der(0x31, Buffer.concat(parts));
}

function integer(value: Buffer): Buffer {
  return der(0x02, value);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

/** GeneralizedTime: YYYYMMDDHHMMSSZ. OpenSSL takes it for any year. */
function time(date: Date): Buffer {
  return der(
    0x18,
    Buffer.from(
      `${date
        .toISOString()
        .replaceAll(/[-:T]|\.\d+/g, "")
        .replace("Z", "")}Z`,
    ),
  );
}

function pem(certificate: Buffer): string {
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
