/** What building an image asks of Resource Manager beside what Pulumi's provider does: the deployer needs these actions, too. */
export const registryActions: readonly string[] = [
  'Microsoft.ContainerRegistry/registries/importImage/action',
  'Microsoft.ContainerRegistry/registries/listBuildSourceUploadUrl/action',
  'Microsoft.ContainerRegistry/registries/scheduleRun/action',
  'Microsoft.ContainerRegistry/registries/runs/read',
  'Microsoft.ContainerRegistry/registries/runs/listLogSasUrl/action',
];
