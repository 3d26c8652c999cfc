import * as pulumi from '@pulumi/pulumi';
import { configurationConflicts } from './conflicts';
import { configurationSchema, type Configuration } from './schema';
import { effectiveSettings, settingConflicts } from './effectiveSettings';
import { profiles } from './profiles';
import { allowedAt, keysAt, shown } from './expectation';

export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

const decoded = (text: string): unknown => {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};
const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);

/** Reads the stack's values (without the project's prefix; objects as JSON). Throws ConfigurationError: key, value, what is allowed. */
export function parseConfiguration(values: Readonly<Record<string, string>>): Configuration {
  const given = Object.fromEntries(Object.entries(values).map(([key, text]) => [key, decoded(text)]));
  // A schema that says nothing of its own is asked what it allows, below.
  const result = configurationSchema.safeParse(given, { error: () => '' });
  const refuse = (lines: readonly string[]): never => {
    throw new ConfigurationError(`the stack's configuration is wrong:\n  ${lines.join('\n  ')}`);
  };
  if (!result.success) {
    return refuse(
      result.error.issues.map((issue) => {
        if (issue.code === 'unrecognized_keys') {
          const allowed = keysAt(configurationSchema, issue.path);
          return `${[...issue.path, issue.keys[0]].join('.')}: no such setting; expected one of ${allowed.length === 0 ? 'the keys in docs/configuration.md' : allowed.join(', ')}`;
        }
        if (issue.code === 'invalid_key')
          return `${issue.path.join('.')}: expected ${issue.message === '' ? (issue.issues[0]?.message ?? 'another name') : issue.message}`;
        return `${issue.path.join('.')} is ${shown(valueAt(given, issue.path))}: expected ${issue.message === '' ? allowedAt(configurationSchema, issue.path) : issue.message}`;
      }),
    );
  }
  const profile = profiles[result.data.profile];
  const settings = effectiveSettings(profile, result.data);
  const configuration: Configuration = {
    ...result.data,
    ...settings,
    environment: result.data.environment ?? result.data.profile,
    release: result.data.release ?? profile.release,
    edgeSite: { ...result.data.edgeSite, enabled: result.data.edgeSite.enabled ?? profile.edgeSite },
  };
  const wrong = [...configurationConflicts(configuration), ...settingConflicts(settings, result.data)];
  return wrong.length > 0 ? refuse(wrong) : configuration;
}

/** The configuration of the running stack. */
export function readConfiguration(): Configuration {
  const prefix = `${pulumi.getProject()}:`;
  const all = Object.entries(pulumi.runtime.allConfig()).filter(([key]) => key.startsWith(prefix));
  return parseConfiguration(Object.fromEntries(all.map(([key, value]) => [key.slice(prefix.length), value])));
}
