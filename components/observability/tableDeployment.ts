import { Deployment } from '@pulumi/azure-native/resources';
import type * as pulumi from '@pulumi/pulumi';
import type { TableSetting } from './tableSettings';

export interface TableDeploymentArgs {
  /** Resource group of the workspace. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Log Analytics workspace of the tables. */
  readonly workspaceName: pulumi.Input<string>;
  /** Plan and retention of each table. */
  readonly tables: readonly TableSetting[];
}

/** Resource Manager template that sets tables; the workspace is a parameter, so that a preview already knows the rest. */
const tableTemplate = (tables: readonly TableSetting[]) => ({
  $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
  contentVersion: '1.0.0.0',
  parameters: { workspace: { type: 'string' } },
  resources: tables.map(({ table, ...properties }) => ({
    type: 'Microsoft.OperationalInsights/workspaces/tables',
    apiVersion: '2023-09-01',
    name: `[concat(parameters('workspace'), '/${table}')]`,
    properties,
  })),
});

/**
 * Azure makes its tables with the workspace. Pulumi would refuse to create what exists and would delete it in the end;
 * an incremental deployment sets it, and leaves it there when the stack goes.
 */
export const tableDeployment = (
  name: string,
  { resourceGroupName, workspaceName, tables }: TableDeploymentArgs,
  opts: pulumi.CustomResourceOptions,
): Deployment =>
  new Deployment(
    name,
    {
      resourceGroupName,
      deploymentName: 'factory-loop-log-tables',
      properties: { mode: 'Incremental', parameters: { workspace: { value: workspaceName } }, template: tableTemplate(tables) },
    },
    opts,
  );
