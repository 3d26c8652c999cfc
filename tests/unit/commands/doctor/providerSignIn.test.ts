import { NoAnswer } from '../../../../commands/doctor/azureQuestions';
import { judgeProviderSignIn } from '../../../../commands/doctor/providerSignIn';
import type { Claims } from '../../../../commands/stack/tokenClaims';

const claims = (objectId: string): Claims => ({
  objectId,
  tenantId: 't',
  name: `name of ${objectId}`,
  isApplication: true,
  roles: [],
  wids: [],
});
const bySecret = { ARM_TENANT_ID: 't', ARM_CLIENT_ID: 'mine', ARM_CLIENT_SECRET: 's' };
/** Whoever a client id stands for, and the person at the CLI. */
const claimsOf = (environment: NodeJS.ProcessEnv) => Promise.resolve(claims(environment['ARM_CLIENT_ID'] ?? 'person'));
const judge = async (
  configuration: Record<string, string>,
  environment: NodeJS.ProcessEnv = {},
  { signIn = claimsOf, secretKeys = [] as string[] } = {},
) => judgeProviderSignIn({ configuration, secretKeys }, environment, await claimsOf(environment), signIn);
const nobody = () => Promise.reject(new Error('signed in without need'));

describe("Pulumi's provider beside the programs that it runs", () => {
  it.each<[string, Record<string, string>, NodeJS.ProcessEnv]>([
    ['there is no setting', {}, bySecret],
    ['the setting is the variable', { 'azure-native:clientId': 'mine' }, bySecret],
    ['the setting says nothing of who signs in', { 'azure-native:location': 'x', 'azure-native:subscriptionId': 's1' }, bySecret],
  ])('is nobody else where %s', async (_, configuration, environment) => {
    expect(await judge(configuration, environment, { signIn: nobody })).toEqual([]);
  });

  it('is somebody else by a setting that they do not see: both are named, with what to set', async () => {
    expect(await judge({ 'azure-native:clientId': 'other' }, bySecret)).toEqual([
      {
        check: 'provider sign-in',
        state: 'problem',
        found:
          "by azure-native:clientId Pulumi's provider deploys as name of other (other), its programs as name of mine (mine), who has other roles",
        fix: "set ARM_CLIENT_ID in the environment instead of azure-native:clientId in the stack's file",
      },
    ]);
    const onMachine = { 'azure-native:useMsi': 'true', 'azure-native:clientId': 'machine' };
    expect(await judge(onMachine)).toMatchObject([
      { state: 'problem', found: expect.stringContaining('(machine), its programs as name of person') as string },
    ]);
  });

  it('may be the same by another way', async () => {
    expect(await judge({ 'azure-native:subscriptionId': 's1' })).toMatchObject([{ state: 'ready' }]);
  });

  it('is left open where it cannot be asked, and a secret of the stack is not guessed', async () => {
    const refused = () => Promise.reject(new NoAnswer('refused'));
    const other = { 'azure-native:clientId': 'other' };
    expect(await judge(other, bySecret, { signIn: refused })).toMatchObject([
      { state: 'unchecked', found: expect.stringMatching(/refused$/) as string },
    ]);
    expect(
      await judge({ ...other, 'azure-native:clientSecret': '[secret]' }, bySecret, {
        signIn: nobody,
        secretKeys: ['azure-native:clientSecret'],
      }),
    ).toMatchObject([{ state: 'unchecked', found: expect.stringMatching(/keeps azure-native:clientSecret encrypted$/) as string }]);
    expect(await judge({ 'azure-native:useOidc': 'true' })).toMatchObject([
      { state: 'unchecked', found: expect.stringMatching(/ARM_TENANT_ID is missing/) as string },
    ]);
  });
});
