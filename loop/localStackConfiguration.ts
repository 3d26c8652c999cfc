const prefix = 'factory-loop:';
/** What a stack names and this machine does not have, or that the local region decides: its own images, a simulated site. */
const notHere = [
  'siteCertificates',
  'siteDocuments',
  'imageSource',
  'prebuiltImages',
  'logAnalyticsWorkspace',
  'containerRegistry',
  'servicePrincipal',
  'sourceCommit',
].map((key) => `${prefix}${key}`);
const columns = ['timeColumn', 'labelColumns', 'ignoredColumns'];

/** A structured configuration value, as Pulumi keeps it; undefined for anything else. */
function parseStructured(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (text === undefined || !/^\s*\{/.test(text)) return undefined;
  return JSON.parse(text) as Record<string, unknown>;
}

/**
 * A stack's configuration in the local region: the stack's sizes, limits and names, under what the region needs. The columns of the stack's data
 * are left out where a simulated machine delivers the data.
 */
export function localStackConfiguration(
  stack: Readonly<Record<string, string>>,
  local: Readonly<Record<string, string>>,
  { ownData }: { readonly ownData: boolean },
): Record<string, string> {
  const base = Object.fromEntries(Object.entries(stack).filter(([key]) => !notHere.includes(key)));
  const dataset = parseStructured(base[`${prefix}dataset`]);
  if (dataset !== undefined && !ownData)
    base[`${prefix}dataset`] = JSON.stringify(Object.fromEntries(Object.entries(dataset).filter(([key]) => !columns.includes(key))));
  const merged = Object.entries(local).map(([key, value]) => {
    const [under, over] = [parseStructured(base[key]), parseStructured(value)];
    return [key, under !== undefined && over !== undefined ? JSON.stringify({ ...under, ...over }) : value];
  });
  return { ...base, ...(Object.fromEntries(merged) as Record<string, string>) };
}
