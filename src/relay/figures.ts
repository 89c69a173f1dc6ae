import type { Backend } from "../backend/backend.ts";
import type { Figures, RecoveryFigures } from "../observe/figures.ts";
import type { AutoRecovery } from "../recovery/auto-recovery.ts";
import type { CheckStatus } from "../recovery/scheduled-check.ts";

export function removedFigures(removed: readonly Backend[]): Required<Figures>["removed"] {
  const backlogs = removed.map(({ backlog }) => backlog);
  return {
    backends: removed.length,
    records: backlogs.reduce((sum, { records }) => sum + records, 0),
    bytes: backlogs.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

export function recoveryFigures(recovery: AutoRecovery, check: CheckStatus): RecoveryFigures {
  const { findings, omitted, skipped, endedAtMs } = check;
  return {
    backends: recovery.status().map(({ name, state, alarms, progress }) => ({
      ...{ name, state, progress },
      alarms: alarms.length,
      ...recovery.ended.of(name),
    })),
    check: {
      findings: findings.length + omitted,
      skipped,
      endedAtSeconds: endedAtMs === undefined ? undefined : endedAtMs / 1_000,
    },
  };
}
