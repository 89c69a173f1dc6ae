/** The part of `node:zlib` that the Worker uses: workerd has it where `nodejs_compat` is set in wrangler.toml. */
declare module "node:zlib" {
  export function gunzipSync(
    bytes: Uint8Array,
    options: { readonly info: true; readonly maxOutputLength: number },
  ): { readonly buffer: Uint8Array; readonly engine: { readonly bytesWritten: number } };
  export function gzipSync(bytes: Uint8Array): Uint8Array;
}
