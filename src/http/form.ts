import { type Parameters, parseParameters } from "./parameters.ts";

const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** What a request says: the parameters of its URL and of its body. */
export interface Form {
  readonly parameters: Parameters;
  /** The text of a file that was uploaded as `q`. */
  readonly file: string | undefined;
}

/**
 * Joins the parameters of a request as Go's `FormValue` does (measured): those of a form in the body come before those of
 * the URL, those of a multipart body after them, and any other body says nothing.
 * @param body undefined unless the method is POST.
 */
export async function formOf(
  url: Parameters,
  contentType: string | undefined,
  body: Uint8Array | undefined,
): Promise<Form> {
  const type = contentType?.split(";")[0]?.trim().toLowerCase();
  if (body === undefined || contentType === undefined) return { parameters: url, file: undefined };
  if (type === "application/x-www-form-urlencoded") {
    return { parameters: new Map([...url, ...parseParameters(`?${decoder.decode(body)}`)]), file: undefined };
  }
  if (type !== "multipart/form-data") return { parameters: url, file: undefined };
  return multipart(url, contentType, body);
}

async function multipart(url: Parameters, contentType: string, body: Uint8Array): Promise<Form> {
  const fields = new Map<string, string>();
  let file: string | undefined;
  try {
    const init = { headers: { "content-type": contentType } };
    for (const [name, value] of await new Response(body as Uint8Array<ArrayBuffer>, init).formData()) {
      if (typeof value === "string") {
        if (!fields.has(name)) fields.set(name, value);
      } else if (name === "q") file ??= await value.text();
    }
  } catch {
    // A body that is no form says nothing, in Go too.
    return { parameters: url, file: undefined };
  }
  return { parameters: new Map([...fields, ...url]), file };
}
