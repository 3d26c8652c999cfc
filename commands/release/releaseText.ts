import type { DeliveryRecord } from '../../contracts/deliveryRecord';
import type { Paint } from '../../command-line/terminal';

const minute = 60_000;

/** How long ago, in the largest unit that says something. */
export function ago(from: string, now: Date): string {
  const minutes = Math.max(0, Math.floor((now.getTime() - Date.parse(from)) / minute));
  if (minutes < 120) return `${minutes} min ago`;
  return minutes < 2_880 ? `${Math.floor(minutes / 60)} h ago` : `${Math.floor(minutes / 1_440)} days ago`;
}

const figures = (text: string | undefined) =>
  (text ?? '')
    .split(' ')
    .filter((pair) => pair.includes('='))
    .map((pair) => pair.replace('=', ' '));

/** A line in pieces of at most `width` columns, broken between figures. */
function broken(label: string, pieces: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = label;
  pieces.forEach((piece, index) => {
    const text = index === pieces.length - 1 ? piece : `${piece}, `;
    if (line.length > label.length && (line + text).trimEnd().length > width) {
      lines.push(line.trimEnd());
      line = ' '.repeat(label.length);
    }
    line += text;
  });
  return [...lines, line.trimEnd()];
}

/** One delivery as a person decides about it, at most 80 columns wide. */
export function releaseLines(record: DeliveryRecord, now: Date, paint: Paint, width = 80): string[] {
  const {
    deliveryId,
    state,
    packageName,
    packageVersion,
    deviceId,
    modelName,
    modelVersion,
    dataVersion,
    gateFigures,
    decision,
    openedAt,
    sizeBytes,
  } = record;
  const said =
    decision === undefined
      ? []
      : [
          `  ${decision.approved ? 'approved' : 'rejected'} by ${decision.by}, ${ago(decision.at, now)}${decision.reason === undefined ? '' : `: ${decision.reason}`}`,
        ];
  return [
    `${paint.bold(deliveryId)}  ${state === 'Rejected' || state === 'Error' ? paint.bad(state) : state}, ${ago(openedAt, now)}`,
    `  package  ${packageName} ${packageVersion}, ${(sizeBytes / 1e6).toFixed(1)} MB, for device ${deviceId}`,
    `  model    ${modelName} ${modelVersion}, data version ${dataVersion}`,
    ...(gateFigures === undefined ? [] : broken('  gate     ', figures(gateFigures), width)),
    ...said,
  ];
}

export function releasesText(records: readonly DeliveryRecord[], now: Date, paint: Paint, every: boolean): string[] {
  if (records.length === 0) return [every ? 'there are no deliveries' : 'nothing waits for approval'];
  return records.flatMap((record, index) => [...(index === 0 ? [] : ['']), ...releaseLines(record, now, paint)]);
}
