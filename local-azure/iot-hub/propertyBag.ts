/** Message properties as a topic carries them: url-encoded `key=value` pairs, system properties with a `$.` in front. */
export interface MessageProperties {
  readonly application: Readonly<Record<string, string>>;
  readonly system: Readonly<Record<string, string>>;
}

const maxProperties = 100;

/** Undefined when the bag is not readable. */
export function parsePropertyBag(bag: string): MessageProperties | undefined {
  const text = bag.replace(/^\?/, '').replace(/\/$/, '');
  if (text === '') return { application: {}, system: {} };
  const pairs = text.split('&');
  if (pairs.length > maxProperties) return undefined;
  const application: [string, string][] = [];
  const system: [string, string][] = [];
  try {
    for (const pair of pairs) {
      const equals = pair.indexOf('=');
      const name = decodeURIComponent(equals === -1 ? pair : pair.slice(0, equals));
      const value = equals === -1 ? '' : decodeURIComponent(pair.slice(equals + 1));
      if (name.startsWith('$.')) system.push([name.slice(2), value]);
      else application.push([name, value]);
    }
  } catch {
    return undefined;
  }
  // Built from entries, because a device may call a property __proto__.
  return { application: Object.fromEntries(application), system: Object.fromEntries(system) };
}

export function formatPropertyBag({ application, system }: MessageProperties): string {
  const pairs = [...Object.entries(system).map(([name, value]) => [`$.${name}`, value] as const), ...Object.entries(application)];
  return pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
}
