import type { Config } from "../../src/config/config.ts";
import { diagnose } from "../../src/doctor/doctor.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import type { Status } from "../../src/observe/status-schema.ts";
import { AdminError } from "../../src/peers/admin-client.ts";
import type { Platform } from "../../src/platform.ts";
import { namedOutputs } from "../../src/relay/replicas.ts";
import { adminAdvice, commandLog, connectAdmin } from "./admin-connection.ts";
import { loadConfigFile } from "./config-file.ts";
import { readDoctorArguments } from "./doctor-arguments.ts";
import type { Host, Output } from "./host.ts";
import { checkCertificates } from "./listener-pem.ts";
import { examineSpoolDisk } from "./spool-disk.ts";
import { printable } from "./text-table.ts";

const EXIT_PROBLEM = 1;

/** Runs `doctor ...` and returns the exit code. Rejects with a RelayError. */
export async function runDoctorCommand(
  args: readonly string[],
  host: Host,
  { stdout, stderr }: Output,
): Promise<number> {
  const request = readDoctorArguments(args);
  if (request.action === "help") {
    stdout.write(request.text);
    return 0;
  }
  const config = loadConfigFile(request.config, host.runtime);
  const platform = host.platform(commandLog(stderr));
  checkCertificates(config, host.http, platform);
  const findings = [
    ...(await diagnose(config, platform)),
    ...(config.spool === undefined ? [] : [await examineSpoolDisk(config.spool, namedOutputs(config).size)]),
    ...(await askRelay(config, platform)),
  ];
  stdout.write(request.json ? `${JSON.stringify({ findings }, undefined, 2)}\n` : findingsText(findings));
  return findings.some(({ level }) => level === "problem") ? EXIT_PROBLEM : 0;
}

/** What a relay that runs says; it need not run. */
async function askRelay({ admin }: Config, platform: Platform): Promise<Finding[]> {
  const about = { subject: "relay", check: "running" } as const;
  if (admin === undefined) {
    const fix = "add [admin] for status, drain, recover beside a running relay, and the status page";
    return [
      { ...about, level: "warning", message: "the config has no [admin], so a relay cannot be asked", fix },
    ];
  }
  const { client, close } = connectAdmin(admin, platform);
  try {
    const { backends } = await client.ask<Status>("GET", "/status");
    const out = backends.filter(({ inSync }) => !inSync).map(({ name }) => name);
    if (out.length === 0) return [{ ...about, level: "ok", message: "runs, and every server is in sync" }];
    const message = `runs, and does not let ${out.join(", ")} have queries`;
    return [{ ...about, level: "problem", message, fix: "influxdb-relay status says why, and what to do" }];
  } catch (error) {
    if (!(error instanceof AdminError)) throw error;
    if (error.status === undefined) {
      return [{ ...about, level: "warning", message: `none answers: ${error.message}` }];
    }
    const fix = adminAdvice(error);
    return [
      { ...about, level: "warning", message: `cannot be asked: ${error.message}`, ...(fix && { fix }) },
    ];
  } finally {
    await close();
  }
}

/** One line each, and behind those that are not fine what to do. */
export function findingsText(findings: readonly Finding[]): string {
  const marks = { ok: "ok      ", warning: "warning ", problem: "PROBLEM " };
  const lines = findings.map(({ level, subject, check, message, fix }) => {
    const what = subject === check ? check : `${printable(subject)}: ${check}`;
    const line = `${marks[level]} ${what}: ${printable(message)}\n`;
    return fix === undefined ? line : `${line}          -> ${printable(fix)}\n`;
  });
  const count = (level: Finding["level"]) => findings.filter((finding) => finding.level === level).length;
  const [problems, warned] = [count("problem"), count("warning")];
  return `${lines.join("")}\n${problems} ${problems === 1 ? "problem" : "problems"}, ${warned} ${warned === 1 ? "warning" : "warnings"}\n`;
}
