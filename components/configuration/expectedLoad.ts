/** What a factory is expected to send and receive through its IoT hub. */
export interface ExpectedLoad {
  /** Devices that connect to the hub. */
  readonly devices: number;
  /** Device-to-cloud messages of all devices together, besides those of deliveries. */
  readonly messagesPerDay: number;
  readonly messageBytes: number;
  /** Packages that are handed to devices in the busiest hour. */
  readonly deliveriesPerHour: number;
  /** How much the busiest moment is above the average. */
  readonly peakFactor: number;
}

/** The exchange of one delivery: newDelivery and presignedUrlResponse down; the request and the states up. */
const messagesOfDelivery = { down: 2, up: 6 } as const;

const meterBytes = 4_096;
/** What the hub adds to a message on its way to the event hub: who sent it, how it signed in, when it came. */
const routingBytes = 400;
const secondsPerDay = 86_400;
/** Devices come back together after an outage; this is how long they may take. */
const reconnectSeconds = 600;

/** The load in the units that Azure meters and throttles. */
export interface MeteredLoad {
  /** Messages in both directions, each counted once for every 4 KB begun. */
  readonly messagesPerDay: number;
  readonly deviceSendsPerSecond: number;
  readonly cloudSendsPerSecond: number;
  readonly connectionsPerSecond: number;
  /** At the event hub, with what the IoT hub adds to each message. */
  readonly bytesPerSecond: number;
  readonly routedBytesPerDay: number;
}

export function meteredLoad({ devices, messagesPerDay, messageBytes, deliveriesPerHour, peakFactor }: ExpectedLoad): MeteredLoad {
  const blocks = Math.max(1, Math.ceil(messageBytes / meterBytes));
  const deviceSendsPerSecond = (messagesPerDay / secondsPerDay) * peakFactor + (deliveriesPerHour * messagesOfDelivery.up) / 3_600;
  return {
    messagesPerDay: messagesPerDay * blocks + deliveriesPerHour * 24 * (messagesOfDelivery.down + messagesOfDelivery.up),
    deviceSendsPerSecond,
    cloudSendsPerSecond: (deliveriesPerHour * messagesOfDelivery.down) / 3_600,
    connectionsPerSecond: devices / reconnectSeconds,
    bytesPerSecond: deviceSendsPerSecond * (messageBytes + routingBytes),
    routedBytesPerDay: messagesPerDay * (messageBytes + routingBytes),
  };
}
