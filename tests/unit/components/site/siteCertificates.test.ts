import { programs } from '../../../../contracts/programs';
import { SimulatedEnrolment, type SimulatedEnrolmentArgs } from '../../../../components/site/simulatedEnrolment';
import { captureProgram, ofType, type Captured } from '../../support/capturedProgram';

const prebuiltImages = Object.fromEntries(
  Object.keys(programs).map((program) => [program, `plant.azurecr.io/${program}@sha256:${'a'.repeat(64)}`]),
);
const command = 'command:local:Command';
const names = (captured: Captured, type: string, part: string) =>
  ofType(captured, type)
    .map(({ name }) => name)
    .filter((name) => name.startsWith(part))
    .sort();
const inputs = (captured: Captured, name: string) =>
  ofType(captured, command).find((one) => one.name === name)?.inputs as { environment: Record<string, string>; update: string } | undefined;
const waitsFor = (captured: Captured, name: string) =>
  captured.options.get(`${command} ${name}`)?.dependencies.map((urn) => urn.split('::').pop());

describe('the enrolment of a simulated site', () => {
  const enrol = (args: Partial<SimulatedEnrolmentArgs>) =>
    captureProgram(
      {},
      {
        program: async () => ({
          made: new SimulatedEnrolment('enrolment', {
            vaultUri: 'https://kv.vault.azure.net/',
            deviceId: 'aimm',
            ...args,
          }).certificates.map(({ label }) => label),
        }),
      },
    );
  const kept = (captured: Captured) => names(captured, command, 'enrolment-certificate-');

  it('makes one certificate at first, and in a rotation keeps the one before; the one in use keeps its place', async () => {
    expect(
      [await enrol({}), await enrol({ certificateSerial: 2 }), await enrol({ certificateSerial: 3 })].map((one) => [
        kept(one),
        one.outputs['made'],
      ]),
    ).toEqual([
      [['enrolment-certificate-1'], ['1']],
      [
        ['enrolment-certificate-1', 'enrolment-certificate-2'],
        ['1', '2'],
      ],
      [
        ['enrolment-certificate-2', 'enrolment-certificate-3'],
        ['3', '2'],
      ],
    ]);
  });

  it('keeps the one asked for alone when the overlap is ended', async () => {
    expect(kept(await enrol({ certificateSerial: 2, certificateOverlap: false }))).toEqual(['enrolment-certificate-2']);
  });

  it('leaves a certificate as it is, command and all, when the next one is made, when it is handed over and when the overlap ends', async () => {
    const [alone, before, after, last] = [
      await enrol({}),
      await enrol({ certificateSerial: 2 }),
      await enrol({ certificateSerial: 3 }),
      await enrol({ certificateSerial: 2, certificateOverlap: false }),
    ];
    expect(inputs(before, 'enrolment-certificate-1')).toEqual(inputs(alone, 'enrolment-certificate-1'));
    expect([after, last].map((one) => inputs(one, 'enrolment-certificate-2'))).toEqual(
      Array(2).fill(inputs(before, 'enrolment-certificate-2')),
    );
  });
});

describe('a stack whose certificate is being replaced', () => {
  let captured: Captured;
  beforeAll(async () => {
    captured = await captureProgram({
      imageSource: 'prebuilt',
      prebuiltImages,
      edgeSite: { enabled: true, certificateSerial: 2 },
      alerts: { emails: ['operator@example.com'] },
    });
  });

  it('registers both with the service principal and with the device', () => {
    expect(names(captured, 'azuread:index/applicationCertificate:ApplicationCertificate', 'site-certificate')).toEqual([
      'site-certificate-1',
      'site-certificate-2',
    ]);
    expect(inputs(captured, 'model-manager-device')?.environment).toMatchObject({
      PRIMARY_THUMBPRINT: expect.any(String) as string,
      SECONDARY_THUMBPRINT: expect.any(String) as string,
    });
  });

  it('hands the next one over only when both know it, and checks first whether it may be made', () => {
    expect(waitsFor(captured, 'certificate-hand-over')).toEqual(
      expect.arrayContaining(['site-certificate-1', 'site-certificate-2', 'model-manager-device']),
    );
    expect(inputs(captured, 'certificate-hand-over')).toMatchObject({
      create: expect.stringContaining('hand-over') as string,
      update: expect.stringContaining('hand-over') as string,
      environment: { CERTIFICATE_SERIAL: '2' },
    });
    expect(waitsFor(captured, 'enrolment-certificate-2')).toContain('enrolment');
    expect(inputs(captured, 'enrolment')).toMatchObject({
      create: expect.stringContaining('check') as string,
      environment: { CERTIFICATE_SERIAL: '2', CERTIFICATE_OVERLAP: 'true', TAKE_UP_SECONDS: '1800' },
    });
  });

  it('is watched by the end of the one that the site is to use', () => {
    const [alert] = ofType(captured, 'azure-native:monitor:ScheduledQueryRule').filter(({ name }) => name === 'alerts-certificate');
    const given = captured.options.get('azure-native:monitor:ScheduledQueryRule alerts-certificate');
    expect(alert).toBeDefined();
    expect(JSON.stringify(given?.propertyDependencies)).toContain('enrolment-certificate-2');
    expect(JSON.stringify(given?.propertyDependencies)).not.toContain('enrolment-certificate-1');
  });
});
