/** How a datastore names a blob endpoint: `https://<account>.blob.core.windows.net/` is protocol https, endpoint core.windows.net. */
export function datastoreEndpoint(blobEndpoint: string): { protocol: string; endpoint: string } {
  const url = new URL(blobEndpoint);
  return { protocol: url.protocol.replace(':', ''), endpoint: /^[a-z0-9]+\.blob\.(.+)$/.exec(url.host)?.[1] ?? url.host };
}
