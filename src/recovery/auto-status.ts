import type { Progress } from "./progress.ts";

/** What is done by itself about one backend, as `/status` shows it. */
export interface AutoStatus {
  readonly name: string;
  readonly state: "idle" | "waiting" | "repairing" | "comparing";
  /** For what, in words. */
  readonly waiting?: string;
  /** The replica that it is compared with. */
  readonly from?: string;
  readonly progress?: Pick<
    Progress,
    "phase" | "done" | "total" | "points" | "pointsToCopy" | "pointsPerSecond"
  > & { readonly leftSeconds?: number };
  readonly alarms: readonly Alarm[];
  readonly last?: LastRecovery;
}

/** Something that differs, and a person has to choose what is right. */
export interface Alarm {
  /** `*` for any. */
  readonly db: string;
  readonly from: string;
  readonly what: string;
  /** True if the replica may be the one that is wrong, so nothing was copied. */
  readonly bothDiffer: boolean;
  /** What shows the difference: the words behind influxdb-relay, without the config. */
  readonly command: readonly string[];
  readonly atMs: number;
}

export interface LastRecovery {
  readonly kind: "repair" | "compare";
  readonly from: string;
  readonly db: string;
  readonly result: "equal" | "different" | "failed";
  readonly points: number;
  readonly seconds: number;
  readonly endedAtMs: number;
  readonly error?: string;
}
