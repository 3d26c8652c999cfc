import { type DeliveryRecord } from '../../../contracts/deliveryRecord';

export const openedAt = new Date('2026-11-22T12:00:00.000Z');
export const record: DeliveryRecord = {
  schemaVersion: '1',
  deliveryId: '0b7e6b0e-7a43-5d3c-9a53-1f2e3d4c5b6a',
  projectId: '1c7e6b0e-7a43-5d3c-9a53-1f2e3d4c5b6a',
  factory: 'plant-1',
  deviceId: 'aimm-plant-1',
  packageId: '5e0c5f3e-3f0b-5c53-8a43-0f5d9a5a3c11',
  packageVersion: '12',
  packageName: 'Pump Watch',
  packageBlob: '5e0c5f3e-3f0b-5c53-8a43-0f5d9a5a3c11/12/Pump-Watch-edge_12.zip',
  sha256: 'ab'.repeat(32),
  sizeBytes: 12_345,
  modelName: 'anomaly',
  modelVersion: '12',
  dataVersion: '0123456789abcdef',
  state: 'Opened',
  openedAt: openedAt.toISOString(),
  updatedAt: openedAt.toISOString(),
  announcements: 0,
  history: [],
};
