import { UsageError } from '../../command-line/usageError';

export type Settings = { readonly [key: string]: unknown };

/** A value as a person types it: JSON where it is JSON, text otherwise. */
function typed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

const isSettings = (value: unknown): value is Settings => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The settings with one more, given as `key.inner=value`. Throws UsageError when it is no such thing. */
export function withSetting(settings: Settings, assignment: string): Settings {
  const [, path = '', text = ''] = /^([A-Za-z][\w.-]*)=(.*)$/s.exec(assignment) ?? [];
  const keys = path.split('.');
  if (path === '' || keys.some((key) => key === '' || key === '__proto__'))
    throw new UsageError(`--set ${assignment}: expected <key>=<value>, such as dataset.windowSeconds=20.`);
  const put = (into: Settings, [key = '', ...rest]: readonly string[]): Settings => {
    const before = into[key];
    if (rest.length > 0 && before !== undefined && !isSettings(before))
      throw new UsageError(`--set ${assignment}: ${key} already has a value that holds no settings.`);
    return { ...into, [key]: rest.length === 0 ? typed(text) : put(isSettings(before) ? before : {}, rest) };
  };
  return put(settings, keys);
}
