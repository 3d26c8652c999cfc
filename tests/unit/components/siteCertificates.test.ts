import { captureProgram, ofType, type Captured } from './capturedProgram';

const capture = (edgeSite: object) => captureProgram({ edgeSite: { enabled: true, ...edgeSite } });
const command = 'command:local:Command';
const names = (captured: Captured, type: string, part: string) => ofType(captured, type).map(({ name }) => name).filter((name) => name.startsWith(part)).sort();
const inputs = (captured: Captured, name: string) => ofType(captured, command).find((one) => one.name === name)?.inputs as { environment: Record<string, string>; update: string } | undefined;
const counting = (captured: Captured) => ({
  certificates: names(captured, 'azuread:index/applicationCertificate:ApplicationCertificate', 'site-certificate'), kept: names(captured, command, 'enrolment-certificate'),
  thumbprints: Object.keys(inputs(captured, 'model-manager-device')?.environment ?? {}).filter((key) => key.endsWith('THUMBPRINT')).length,
});

describe('the certificates of a simulated site', () => {
  it('are one at first, and the present and the next one in a rotation, each a resource of its own', async () => {
    expect(counting(await capture({}))).toEqual({ certificates: ['site-certificate-1'], kept: ['enrolment-certificate-1'], thumbprints: 1 });
    expect(counting(await capture({ certificateSerial: 2 }))).toEqual({ certificates: ['site-certificate-1', 'site-certificate-2'], kept: ['enrolment-certificate-1', 'enrolment-certificate-2'], thumbprints: 2 });
    expect(counting(await capture({ certificateSerial: 3 }))).toEqual({ certificates: ['site-certificate-2', 'site-certificate-3'], kept: ['enrolment-certificate-2', 'enrolment-certificate-3'], thumbprints: 2 });
  });

  it('are one again when the overlap is ended', async () => {
    expect(counting(await capture({ certificateSerial: 2, certificateOverlap: false }))).toEqual({ certificates: ['site-certificate-2'], kept: ['enrolment-certificate-2'], thumbprints: 1 });
  });

  it('stay as they are, command and all, when a rotation makes the next one or ends the one before', async () => {
    const [present, ...later] = await Promise.all([{}, { certificateSerial: 2 }].map(capture).concat(capture({ certificateSerial: 1, certificateOverlap: false })));
    for (const captured of later) expect(inputs(captured, 'enrolment-certificate-1')).toEqual(inputs(present as Captured, 'enrolment-certificate-1'));
  });

  it('are handed over to the site only when its service principal and its device know them', async () => {
    const captured = await capture({ certificateSerial: 2 });
    const waitsFor = captured.options.get(`${command} certificate-hand-over`)?.dependencies.map((urn) => urn.split('::').pop());
    expect(waitsFor).toEqual(expect.arrayContaining(['site-certificate-1', 'site-certificate-2', 'model-manager-device']));
    expect(inputs(captured, 'certificate-hand-over')).toMatchObject({ create: expect.stringContaining('hand-over') as string, update: expect.stringContaining('hand-over') as string, environment: { CERTIFICATE_SERIAL: '2' } });
    expect(captured.options.get(`${command} enrolment-certificate-2`)?.dependencies.map((urn) => urn.split('::').pop())).toContain('enrolment');
    expect(inputs(captured, 'enrolment')?.environment).toMatchObject({ CERTIFICATE_SERIAL: '2', CERTIFICATE_OVERLAP: 'true', TAKE_UP_SECONDS: '1800' });
  });

  it('are watched by the end of the one in use', async () => {
    const [alert] = ofType(await capture({ certificateSerial: 2 }), 'azure-native:monitor:ScheduledQueryRule').filter(({ name }) => name.endsWith('-certificate'));
    expect(JSON.stringify(alert?.inputs).match(/datetime\([^)]+\)/g)).toHaveLength(1);
  });
});
