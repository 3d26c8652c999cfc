import { stringify } from 'yaml';
import { ConfigurationError, parseConfiguration } from '../../components/configuration/configuration';
import { UsageError } from '../../command-line/usageError';
import { withSetting, type Settings } from './settingPath';

/** What a person says about a new factory; everything else has a default. */
interface FactoryAnswers {
  readonly name: string;
  readonly location: string;
  readonly profile: string;
  readonly dataset: string;
  /** Public certificate of the site's AI Model Manager in PEM; without it the site is simulated. */
  readonly siteCertificate?: string;
  /** Further settings, `key.inner=value`. */
  readonly settings: readonly string[];
}

/** Settings that are said in another way; two values for one would hide which counts. */
const saidElsewhere: Readonly<Record<string, string>> = {
  factory: 'the name after "new"',
  location: '--location',
  profile: '--profile',
  dataset: '--dataset, and --set dataset.<key> for the rest',
  'dataset.name': '--dataset',
  siteCertificates: '--certificate',
};

/** The settings of the stack. */
function settingsOf({ name, location, profile, dataset, siteCertificate, settings }: FactoryAnswers): Settings {
  for (const setting of settings) {
    const instead = saidElsewhere[setting.split('=')[0] ?? ''];
    if (instead !== undefined && setting.includes('=')) throw new UsageError(`--set ${setting.slice(0, 80)}: expected ${instead}.`);
  }
  const site: Settings =
    siteCertificate === undefined
      ? { edgeSite: { enabled: true } }
      : { edgeSite: { enabled: false }, siteCertificates: [siteCertificate.trim()] };
  return settings.reduce(withSetting, { factory: name, location, profile, dataset: { name: dataset }, ...site } as Settings);
}

/** Text of `Pulumi.<name>.yaml`. Throws UsageError, in one line, when the program would refuse it. */
export function stackFileText(answers: FactoryAnswers): string {
  const settings = settingsOf(answers);
  try {
    parseConfiguration(
      Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)])),
    );
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new UsageError(
      error.message
        .split('\n')
        .slice(1)
        .map((line) => line.trim())
        .join('; '),
    );
  }
  const head = `# Factory ${answers.name}. Every key is explained in docs/configuration.md; what is not set here has a default.\n`;
  return (
    head +
    stringify(
      { config: Object.fromEntries(Object.entries(settings).map(([key, value]) => [`factory-loop:${key}`, value])) },
      { lineWidth: 0 },
    )
  );
}
