import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { bundleAll } from '../../commands/bundle';
import { makeKeyAndCertificate } from '../../commands/deploy/enrolSite';
import { endProcessesOf, regionMarker } from '../../commands/loop/leftovers';
import { EvidenceReader } from '../../commands/loop/evidenceReader';
import { localConfiguration, project, sitePorts } from '../../commands/loop/localConfiguration';
import { regionCredential } from '../../commands/loop/localLoop';
import { MonitorReader } from '../../commands/loop/monitorReader';
import { dropRawFiles, rawBlobNames } from '../../commands/loop/rawFiles';
import { removeRegion, regionDirectory } from '../../commands/loop/regionDirectory';
import { replayStretches } from '../../commands/loop/replayStretches';
import { emptyRounds, runRounds } from '../../commands/loop/runRounds';
import { simulatedRawFiles } from '../../commands/loop/simulatedRawFiles';
import { SiteConsole } from '../../commands/loop/siteConsole';
import { stackOutputs } from '../../contracts/stackOutputs';
import { catalogueOf } from '../../local-azure/provider/catalogue';
import { deploy } from '../../local-azure/provider/host';
import { regionTypes } from '../../local-azure/provider/regionTypes';
import { LocalRegion } from '../../local-azure/region/localRegion';

/**
 * A deployed stack that stays while its parent lives: run as a process of its own with the folder of its state, the stack's name and, where there
 * are any, more settings as JSON. Its factory has gone round the loop once. Beside it lie what `up:local` leaves for other commands: the operator's
 * sign-in, and in `bin` a `pulumi` that knows this stack's outputs.
 */
async function keepStack(local: string, stack: string, more: Record<string, unknown>): Promise<void> {
  removeRegion(local);
  const directory = regionDirectory(local);
  const up = join(local, 'up');
  const [bin, stacks] = [join(up, 'bin'), join(up, 'pulumi', '.pulumi', 'stacks', project)];
  for (const folder of [directory, bin, stacks]) mkdirSync(folder, { recursive: true });
  process.env[regionMarker] = directory;
  await bundleAll();
  const region = await LocalRegion.start(directory);
  const stop = async () => {
    await region.stop();
    endProcessesOf(directory);
  };
  process.once('disconnect', () => void stop().finally(() => process.exit(0)));
  try {
    const certificate = join(up, 'operator.pem');
    const pem = await makeKeyAndCertificate('operator', new Date());
    writeFileSync(certificate, pem, { mode: 0o600 });
    const { clientId, objectId } = region.entra.applications.register('operator', randomUUID());
    const operator = region.entra.applications.addServicePrincipal(clientId);
    region.entra.applications.addCertificate(objectId, pem.slice(pem.indexOf('-----BEGIN CERTIFICATE-----')));
    writeFileSync(join(up, 'operator.json'), JSON.stringify({
      AZURE_TENANT_ID: region.tenantId, AZURE_CLIENT_ID: clientId, AZURE_CLIENT_CERTIFICATE_PATH: certificate, AZURE_AUTHORITY_HOST: region.entra.authorityHost, NODE_EXTRA_CA_CERTS: region.context.tls.caFile,
    }));

    const ports = await sitePorts(directory);
    const configuration = localConfiguration(region.cloud, { rounds: 2, dataset: {}, sampleIntervalMs: 1_000, ports, reader: operator, rawWriter: operator, smokeTester: operator });
    for (const [key, value] of Object.entries(more)) configuration[`${project}:${key}`] = typeof value === 'string' ? value : JSON.stringify(value);
    const deployed = await deploy(catalogueOf(regionTypes(region)), { program: async () => (await import('../../index')).default as unknown as Record<string, unknown>, project, stack: 'local', configuration, onResource: () => undefined });
    const outputs = stackOutputs.parse(deployed.outputs);
    writeFileSync(join(stacks, `${stack}.json`), '{}');
    writeFileSync(join(up, 'outputs.json'), JSON.stringify(deployed.outputs));
    writeFileSync(join(bin, 'pulumi'), `#!/bin/sh\ncase "$*" in\n  *"--stack ${stack}"*) cat "${join(up, 'outputs.json')}" ;;\n  *) echo "error: no stack named that found" >&2; exit 255 ;;\nesac\n`);
    chmodSync(join(bin, 'pulumi'), 0o755);

    const reader = new EvidenceReader(outputs, regionCredential(region, operator));
    const site = await SiteConsole.connect(ports.databusPort);
    const rounds = emptyRounds();
    if (more['release'] !== 'approved') {
      const startedAt = new Date(Math.floor(Date.now() / 1_000) * 1_000);
      const files = simulatedRawFiles(join(local, 'raw'));
      await dropRawFiles(reader, reader.container('data', outputs.rawContainer), files);
      reader.listen(startedAt);
      await runRounds({
        region, reader, monitor: new MonitorReader(outputs, regionCredential(region, operator)), site, rounds: 1, startedAt, replayedBefore: 0, onReplay: () => undefined, rawFiles: files, rawBlobs: rawBlobNames(outputs.dataset, files), signal: new AbortController().signal,
        replay: replayStretches(true, {}), onStep: () => undefined, onWaiting: () => undefined, onPhase: () => undefined,
      }, rounds);
    }
    process.on('message', () => void site.status().then(({ pipelines }) => process.send?.({ pipelines, denials: region.context.gate.denials })));
    process.send?.({ ready: true, failed: rounds.steps.filter(({ ok }) => !ok), path: [bin, process.env['PATH'] ?? ''].join(delimiter), outputs });
  } catch (error) {
    process.send?.({ ready: false, failed: [(error as Error).stack] });
    await stop();
    process.exit(1);
  }
}

const [, , local = '', stack = '', more = '{}'] = process.argv;
void keepStack(local, stack, JSON.parse(more) as Record<string, unknown>);
