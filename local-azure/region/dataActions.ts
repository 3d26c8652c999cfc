/**
 * Which actions touch data. A role grants them through its data actions only: the `*` of Owner and Contributor is about the
 * control plane, so whoever deploys reads no blob, message or secret.
 */
const dataPlane = [
  /^microsoft\.storage\/storageaccounts\/(?:blobservices\/containers\/blobs|queueservices\/queues\/messages|tableservices\/tables\/entities|fileservices\/fileshares\/files)\//,
  /^microsoft\.keyvault\/vaults\/(?:(?:secrets|keys)\/(?!(?:read|write)$)|certificates\/)/,
  /^microsoft\.eventhub\/namespaces\/(?:.+\/)?(?:send|receive)\/action$/,
  /^microsoft\.devices\/iothubs\/(?:devices|modules|twins|directmethods|cloudtodevicemessages|configurations|fileupload|statistics)\//,
  /^microsoft\.insights\/(?:metrics|telemetry)\/write$/,
  /^microsoft\.monitor\/accounts\/data\//,
];

export const isDataAction = (action: string): boolean => dataPlane.some((pattern) => pattern.test(action.toLowerCase()));
