import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "./child.ts";

/** A certificate with its key: PEM text, and the files that hold it. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Certificate and key in one file. */
  readonly combinedFile: string;
}

export interface Certificates {
  /** Signed all the others. */
  readonly ca: Certificate;
  /** For 127.0.0.1 and localhost. */
  readonly good: Certificate;
  /** For other.example only. */
  readonly wrongName: Certificate;
  /** Its last day was in 2021. */
  readonly expired: Certificate;
  /** For a client. */
  readonly client: Certificate;
}

let made: Certificates | undefined;

/** Certificates of a CA of our own, made once in a process. @throws if there is no `openssl` (see `requireReal`). */
export function certificates(): Certificates {
  made ??= make();
  return made;
}

function make(): Certificates {
  const dir = temporaryDirectory("certificates");
  // `openssl ca` keeps a list of what it signed; it is the one subcommand of OpenSSL 3.0 that signs for the past.
  writeFileSync(join(dir, "index.txt"), "");
  writeFileSync(
    join(dir, "ca.conf"),
    `[ca]
default_ca = test
[test]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
`,
  );
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: dir, stdio: "pipe" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "ca.conf"];
  openssl(
    "req",
    "-x509",
    ...newKey,
    "-keyout",
    "ca.key",
    "-out",
    "ca.crt",
    "-days",
    "2",
    "-subj",
    "/CN=test CA",
  );

  function sign(name: string, extensions: string, until: string): Certificate {
    openssl(
      "req",
      "-new",
      ...newKey,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.csr`,
      "-subj",
      `/CN=${name}`,
    );
    writeFileSync(join(dir, `${name}.ext`), extensions);
    openssl(
      ...["ca", "-batch", "-notext", "-config", "ca.conf", "-cert", "ca.crt", "-keyfile", "ca.key"],
      ...["-in", `${name}.csr`, "-out", `${name}.crt`, "-extfile", `${name}.ext`],
      ...["-startdate", "20200101000000Z", "-enddate", until],
    );
    return read(dir, name);
  }

  const here = "subjectAltName = IP:127.0.0.1, DNS:localhost\n";
  const future = "20491231235959Z";
  return {
    ca: read(dir, "ca"),
    good: sign("good", here, future),
    wrongName: sign("wrong-name", "subjectAltName = DNS:other.example\n", future),
    expired: sign("expired", here, "20210101000000Z"),
    client: sign("client", "extendedKeyUsage = clientAuth\n", future),
  };
}

function read(dir: string, name: string): Certificate {
  const certFile = join(dir, `${name}.crt`);
  const keyFile = join(dir, `${name}.key`);
  const combinedFile = join(dir, `${name}.pem`);
  const cert = readFileSync(certFile, "utf8");
  const key = readFileSync(keyFile, "utf8");
  writeFileSync(combinedFile, cert + key, { mode: 0o600 });
  return { cert, key, certFile, keyFile, combinedFile };
}
