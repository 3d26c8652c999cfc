import { isDeepStrictEqual } from 'node:util';
import { SettingsError } from '../../contracts/settings/settings';
import { deployerSignIn } from '../../deploy-programs/deployerCredential';
import type { StackFile } from '../../plan/stackFile';
import type { Claims } from '../stack/tokenClaims';
import { NoAnswer } from './azureQuestions';
import { problem, ready, unchecked, type Finding } from './finding';

/** Settings of a stack by which Pulumi's Azure provider signs in, and the variable that each goes before. The programs of the deployment see the variables alone. */
const variables: Readonly<Record<string, string>> = {
  useDefaultAzureCredential: 'ARM_USE_DEFAULT_AZURE_CREDENTIAL',
  tenantId: 'ARM_TENANT_ID',
  subscriptionId: 'ARM_SUBSCRIPTION_ID',
  clientId: 'ARM_CLIENT_ID',
  clientCertificatePath: 'ARM_CLIENT_CERTIFICATE_PATH',
  clientCertificatePassword: 'ARM_CLIENT_CERTIFICATE_PASSWORD',
  clientSecret: 'ARM_CLIENT_SECRET',
  useOidc: 'ARM_USE_OIDC',
  oidcAudience: 'ARM_OIDC_AUDIENCE',
  oidcToken: 'ARM_OIDC_TOKEN',
  oidcTokenFilePath: 'ARM_OIDC_TOKEN_FILE_PATH',
  oidcRequestUrl: 'ARM_OIDC_REQUEST_URL',
  oidcRequestToken: 'ARM_OIDC_REQUEST_TOKEN',
  useMsi: 'ARM_USE_MSI',
};
const check = 'provider sign-in';

/**
 * Is the principal of Pulumi's provider that of the programs that it runs? Only settings of the stack make a difference: without
 * them there is nothing to say. `claimsOf` signs in by an environment; `programs` is who did by the given one.
 */
export async function judgeProviderSignIn(
  { configuration, secretKeys }: Pick<StackFile, 'configuration' | 'secretKeys'>,
  environment: NodeJS.ProcessEnv,
  programs: Claims,
  claimsOf: (environment: NodeJS.ProcessEnv) => Promise<Claims>,
): Promise<Finding[]> {
  const set = Object.entries(variables).flatMap(([name, variable]) => {
    const [key, value] = [`azure-native:${name}`, configuration[`azure-native:${name}`]];
    return value === undefined || value === environment[variable] ? [] : [{ key, variable, value }];
  });
  const keys = set.map(({ key }) => key).join(', ');
  const ofProvider = { ...environment, ...Object.fromEntries(set.map(({ variable, value }) => [variable, value])) };
  try {
    if (set.length === 0 || isDeepStrictEqual(deployerSignIn(ofProvider), deployerSignIn(environment))) return [];
    const secret = set.filter(({ key }) => secretKeys.includes(key));
    if (secret.length > 0) throw new NoAnswer(`the stack keeps ${secret.map(({ key }) => key).join(', ')} encrypted`);
    const provider = await claimsOf(ofProvider);
    if (provider.objectId === programs.objectId) return [ready(check, `${provider.name}, as the programs of the deployment`)];
    return [
      problem(
        check,
        `by ${keys} Pulumi's provider deploys as ${provider.name} (${provider.objectId}), its programs as ${programs.name} (${programs.objectId}), who has other roles`,
        `set ${set.map(({ variable }) => variable).join(', ')} in the environment instead of ${keys} in the stack's file`,
      ),
    ];
  } catch (error) {
    if (!(error instanceof NoAnswer || error instanceof SettingsError)) throw error;
    return [unchecked(check, `by ${keys} the provider may be somebody else than its programs: ${error.message}`)];
  }
}
