import { createHash, randomUUID } from 'node:crypto';
import { productionLineSettings } from '../../contracts/settings/edgeSite';
import { connectDatabus } from '../databus/databusClient';
import { runSiteProgram } from '../../contracts/program/run';
import { ProductionLine } from './productionLine';

runSiteProgram('production-line', productionLineSettings, async (settings, log) => {
  const databus = await connectDatabus({ port: settings.DATABUS_PORT }, 'production-line', log);
  const seed = createHash('sha256').update(settings.FACTORY).digest().readUInt32BE(0);
  const line = new ProductionLine(databus, seed, log);
  await line.start(
    settings.LINE_MODE === 'simulate'
      ? { kind: 'simulate', id: randomUUID(), intervalMs: settings.SAMPLE_INTERVAL_MS, fault: 'none' }
      : undefined,
  );
  return line;
});
