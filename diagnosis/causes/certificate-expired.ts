import { defineCause } from "../cause.ts";

export const certificateExpired = defineCause({
  id: "certificate-expired",
  title: "The server's certificate is out of date, or will be within days",
  proof: ["pg-certificate-validity"],
  explains: ["pg-tls-mismatch"],
  refutedBy: [],
  mistakenFor: ["tls-required-or-mismatched"],
  remedies: [],

  advice: () => [
    "Have the certificate renewed, put it where ssl_cert_file points to, and load it without a restart: select pg_reload_conf();",
    "Find out why it was not renewed by itself, and watch its date",
  ],
});
