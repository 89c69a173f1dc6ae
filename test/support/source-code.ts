/** A file that another one imports, or a package. */
export interface Import {
  /** As written. */
  readonly specifier: string;
  readonly typeOnly: boolean;
}

// Comments, strings, templates, and regular expressions (after what only an expression can follow), whole. Without
// them a quote or a slash inside of one would hide the code behind it.
const LITERAL =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`|(?<=(?:^|[(,=:[!&|?{};>\n]|\breturn)\s*)\/(?![*/])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/g;

/** The source without comments. */
export function withoutComments(source: string): string {
  return source.replace(LITERAL, (found) => (/^\/[*/]/.test(found) ? " " : found));
}

/** The code alone: no comments, nothing in quotes, no regular expressions. Templates stay, as they hold code. */
export function codeOf(source: string): string {
  return source.replace(LITERAL, (found) =>
    found.startsWith("`") ? found : found.startsWith("/") ? " " : '""',
  );
}

/** Every import and re-export of a module, static or dynamic. */
export function importsOf(source: string): Import[] {
  const text = withoutComments(source);
  const statements = text.matchAll(
    /^\s*(?:import|export)\s+(type\s)?(?:([^'"`;]*?)\sfrom\s*)?["']([^"'\n]+)["']/gm,
  );
  const dynamic = text.matchAll(/\bimport\s*\(\s*["'`]([^"'`]+)["'`]/g);
  return [
    ...[...statements].map(([, type, names, specifier = ""]) => ({
      specifier,
      typeOnly: type !== undefined || namesTypesOnly(names ?? ""),
    })),
    ...[...dynamic].map(([, specifier = ""]) => ({ specifier, typeOnly: false })),
  ];
}

/** True for `{ type A, type B }`. */
function namesTypesOnly(names: string): boolean {
  const inner = /^\s*\{([\s\S]*)\}\s*$/.exec(names)?.[1];
  const each =
    inner
      ?.split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "") ?? [];
  return each.length > 0 && each.every((name) => name.startsWith("type "));
}

/** The path of a relative import, seen from the root of the tree. */
export function resolveImport(file: string, specifier: string): string {
  const parts = file.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
