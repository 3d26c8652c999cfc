import { readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { modelManagerSettings, type ModelManagerSettings } from '../../contracts/settings/edgeSite';
import { connectDatabus } from '../databus/databusClient';
import { messageOf, type Log } from '../../contracts/program/log';
import { retry } from '../../contracts/program/retry';
import { runSiteProgram } from '../../contracts/program/run';
import { TelemetryEmitter } from '../telemetry/emitter';
import { DeliveryStore } from './deliveryStore';
import { downloadPackage } from './download';
import { connectDevice, type DeviceKeyPair, type HubConnection } from './hubConnection';
import { inferenceClient } from './inferenceClient';
import { ModelManager } from './modelManager';

/** The files are read again and again: the platform renews them below the running program. */
async function keyPair(settings: ModelManagerSettings): Promise<DeviceKeyPair> {
  const [certificates, keys] = await Promise.all([
    readFile(settings.CERTIFICATE_FILE, 'utf8'),
    readFile(settings.PRIVATE_KEY_FILE, 'utf8'),
  ]);
  return { certificatePem: onlyBlocks(certificates, 'CERTIFICATE'), privateKeyPem: onlyBlocks(keys, '[A-Z ]*PRIVATE KEY') };
}

const connectHub = (settings: ModelManagerSettings, log: Log): Promise<HubConnection> =>
  retry(() => connectDevice({ host: settings.IOT_HUB_HOST, deviceId: settings.DEVICE_ID, keyPair: () => keyPair(settings) }), {
    firstMs: 500,
    longestMs: 60_000,
    onRetry: (error, attempt, pauseMs) =>
      log('warn', 'the IoT Hub cannot be reached, trying again', {
        host: settings.IOT_HUB_HOST,
        attempt,
        pauseMs,
        reason: messageOf(error),
      }),
  });

/** Both settings may name one file that holds the certificate and the key. */
function onlyBlocks(pem: string, label: string): string {
  const blocks = pem.match(new RegExp(`-----BEGIN ${label}-----[\\s\\S]+?-----END ${label}-----`, 'g'));
  if (!blocks) throw new Error(`expected a PEM block "${label}"`);
  return `${blocks.join('\n')}\n`;
}

runSiteProgram('model-manager', modelManagerSettings, async (settings, log) => {
  const databus = await connectDatabus({ port: settings.DATABUS_PORT }, 'model-manager', log);
  const store = await DeliveryStore.open(join(settings.SITE_DIRECTORY, 'model-manager', 'deliveries.json'), log);
  const telemetry = await TelemetryEmitter.open('model-manager', settings, log);
  const inference = await inferenceClient(databus);
  const hub = await connectHub(settings, log);
  hub.onState((state, reason) =>
    log(
      state === 'connected' || state === 'certificate taken up' ? 'info' : 'warn',
      `IoT Hub ${state}`,
      reason === undefined ? {} : { reason },
    ),
  );
  const freeBytes = async (directory: string) => {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  };
  const manager = new ModelManager(
    { siteDirectory: settings.SITE_DIRECTORY, minFreeBytes: settings.MIN_FREE_DISK_BYTES, maxPackageBytes: settings.MAX_PACKAGE_BYTES },
    store,
    { hub, inference, download: downloadPackage, freeBytes, telemetry },
    log,
  );
  await manager.start();
  log('info', 'model manager is ready', { deviceId: settings.DEVICE_ID });
  return {
    close: async () => {
      await manager.close();
      await databus.close();
      await telemetry.close();
    },
  };
});
