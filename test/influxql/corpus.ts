import { CLIENTS } from "./corpus/clients.ts";
import { FUNCTIONS } from "./corpus/functions.ts";
import { GROUP_BY } from "./corpus/group-by.ts";
import { LEXICAL } from "./corpus/lexical.ts";
import { MUTATING } from "./corpus/mutating.ts";
import { PARAMETERS } from "./corpus/parameters.ts";
import { SELECT } from "./corpus/select.ts";
import { SHOW } from "./corpus/show.ts";
import { SUBQUERIES } from "./corpus/subqueries.ts";
import { WHERE } from "./corpus/where.ts";
import { WRONG_MANAGE } from "./corpus/wrong-manage.ts";
import { WRONG_SELECT } from "./corpus/wrong-select.ts";
import type { Entry } from "./corpus-entry.ts";

/** InfluxQL 1.x, as people and programs write it; what InfluxDB 1.6.7 answers to it is noted in each. */
export const CORPUS: readonly Entry[] = [
  ...SELECT,
  ...WHERE,
  ...FUNCTIONS,
  ...GROUP_BY,
  ...SUBQUERIES,
  ...SHOW,
  ...CLIENTS,
  ...LEXICAL,
  ...PARAMETERS,
  ...MUTATING,
  ...WRONG_SELECT,
  ...WRONG_MANAGE,
];
