import { deployCommand, readAnswer } from '../../../../components/resource/deployCommand';
import { enrolSiteAnswers, enrolSiteSettings } from '../../../../contracts/settings/enrolSite';
import { registerDeviceSettings } from '../../../../contracts/settings/registerDevice';

describe('a command that runs a program of the deployment', () => {
  const schema = registerDeviceSettings;
  const program = 'register-device';
  const device = { IOT_HUB_HOST: 'hub', DEVICE_ID: 'aimm', ROLE_ASSIGNMENT_WAIT_SECONDS: '0' };
  const certificate = { PRIMARY_THUMBPRINT: 'A'.repeat(64) };
  const settings = { ...device, ...certificate, SECONDARY_THUMBPRINT: undefined };

  it('does not compile with a setting missing or one too many, or with an action that the program does not have', () => {
    const declarations = [
      // @ts-expect-error PRIMARY_THUMBPRINT is missing
      () => deployCommand('device', { program, create: 'create', schema, settings: { ...device, SECONDARY_THUMBPRINT: undefined } }, {}),
      // @ts-expect-error an optional setting must be named too
      () => deployCommand('device', { program, create: 'create', schema, settings: { ...device, ...certificate } }, {}),
      // @ts-expect-error SERIAL is not a setting of the program
      () => deployCommand('device', { program, create: 'create', schema, settings: { ...settings, SERIAL: '1' } }, {}),
      // @ts-expect-error register-device does not hand anything over
      () => deployCommand('device', { program, create: 'hand-over', schema, settings }, {}),
      // @ts-expect-error build-image does one thing, and is not told which
      () => deployCommand('device', { program: 'build-image', create: 'create', schema, settings }, {}),
      () => deployCommand('device', { program, create: 'create', update: 'update', delete: 'delete', schema, settings }, {}),
    ];
    expect(declarations).toHaveLength(6);
  });

  it('reads for its deletion nothing that it was not given', () => {
    const keys = (action: keyof typeof enrolSiteSettings) => Object.keys(enrolSiteSettings[action].shape);
    expect(keys('check')).toEqual(expect.arrayContaining(keys('delete')));
    expect(keys('certificate')).toEqual(expect.arrayContaining(keys('forget')));
  });

  it('answers as its contract says, or the deployment stops', () => {
    expect(() => readAnswer('enrol-site', enrolSiteAnswers['hand-over'], '{}')).toThrow(
      /^enrol-site answered "\{\}", expected secretUri: .*; thumbprintSha256: .*: look at its log$/,
    );
    expect(() => readAnswer('enrol-site', enrolSiteAnswers['hand-over'], 'node: not found')).toThrow(/expected valid JSON/);
  });
});
