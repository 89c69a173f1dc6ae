import type { Expression } from "./ast-expression.ts";
import type { Manage } from "./ast-manage.ts";
import type { Select, Source } from "./ast-select.ts";
import type { Show } from "./ast-show.ts";

/** Told apart by `kind`, which also tells statements from expressions and sources. */
export type Statement = Select | Explain | Show | Manage;

export interface Explain {
  readonly kind: "explain";
  readonly analyze: boolean;
  readonly select: Select;
}

export type Node = Statement | Expression | Source;
