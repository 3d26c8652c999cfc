import { azureRegions } from './azureRegions';
import type { Configuration } from './schema';
import { monthlyUse } from './monthlyUse';
import { lineHoursPerDay } from './plantData';
import { jobTimeoutSeconds } from './pipelineJobs';
import { openMinutes, silenceCountsFrom } from './siteHours';

const hoursPerMonth = 730;
const shown = (value: number) => Number(value.toPrecision(2));

/** What Azure takes and the plant will be sorry for: each with the setting, what is expected, and what to do. */
export function settingWarnings(configuration: Configuration): string[] {
  const { alerts, edgeSite, location, logs, parts, logAnalyticsWorkspace } = configuration;
  const elsewhere = azureRegions.includes(location)
    ? []
    : [
        `location is ${location}: none of the public regions that were known in November 2026, such as westeurope; if it is not a new one or one of another cloud, nothing can be created there: "az account list-locations --output table" names yours`,
      ];
  if (parts === 'platform') return elsewhere;
  // How many raw files a plant drops only its owner knows: what an estimate assumes is nothing to warn about.
  const expectedLoad = { ...configuration.expectedLoad, rawGbPerDay: configuration.expectedLoad.rawGbPerDay ?? 0 };
  const { plant, passSeconds } = monthlyUse(
    { ...configuration, expectedLoad },
    (lineHoursPerDay(edgeSite) * hoursPerMonth) / 24,
    hoursPerMonth,
  );
  const telemetry = plant.telemetryGbPerDay;
  const asked =
    alerts.enabled && edgeSite.enabled && edgeSite.hours !== 'always'
      ? openMinutes(edgeSite.hours).to - silenceCountsFrom(edgeSite.hours, alerts.telemetrySilentMinutes, alerts.evaluationMinutes)
      : Infinity;
  return [
    ...elsewhere,
    ...(asked < alerts.evaluationMinutes
      ? [
          `alerts.evaluationMinutes is ${alerts.evaluationMinutes}: on a day of edgeSite.hours there are only ${asked} minutes in which silence of the site counts, so that nobody may ask then and telemetry that stops goes unnoticed; ask more often, or have the site up for longer`,
        ]
      : []),
    ...(logAnalyticsWorkspace === 'create' && logs.dailyQuotaGb >= 0 && telemetry > logs.dailyQuotaGb
      ? [
          `logs.dailyQuotaGb is ${logs.dailyQuotaGb}: the telemetry of the edge alone is expected to be ${shown(telemetry)} GB a day, so that collection stops before the day is over and alerts on logs are blind; set it to ${Math.ceil(telemetry * 1.25)} or more, or send less: a longer edgeSite.telemetryIntervalMs, fewer devices in expectedLoad.modelDevices`,
        ]
      : []),
    ...(passSeconds > jobTimeoutSeconds['data-pipeline']
      ? [
          `expectedLoad.inferenceGbPerDay is ${shown(plant.inferenceGbPerDay)} and expectedLoad.rawGbPerDay ${shown(plant.rawGbPerDay)}: the data pipeline reads all that is kept in each pass, about ${Math.round(passSeconds / 60)} minutes where ${jobTimeoutSeconds['data-pipeline'] / 60} are allowed; keep less (storage.lifecycle.landing-zone.deleteAfterDays), write larger batches (edgeSite.batchMaxRecords) or send less back`,
        ]
      : []),
  ];
}

/** What the images would lack: sources that have changed since the bundles were made of them. */
export function bundleWarnings([first, ...more]: readonly string[]): string[] {
  if (first === undefined) return [];
  const changed = more.length === 0 ? `${first} has` : `${first} and ${more.length} more have`;
  return [`${changed} changed since dist/ was built, which the images are made of: "npm run build" first`];
}
