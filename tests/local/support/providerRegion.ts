import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcessesOf } from '../../../loop/regionProcesses';
import { LocalRegion } from '../../../local-azure/localRegion';
import { ProviderClient } from './providerClient';

/** A whole region in a folder of its own, the server of its provider, and a client as an engine would be. */
export async function providerRegion() {
  const directory = mkdtempSync(join(tmpdir(), 'provider-'));
  const region = await LocalRegion.start(directory);
  const server = await region.serveProvider();
  const client = new ProviderClient(server.port);
  return {
    directory,
    region,
    server,
    client,
    async stop() {
      client.close();
      await server.stop();
      await region.stop();
      endProcessesOf(directory);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
