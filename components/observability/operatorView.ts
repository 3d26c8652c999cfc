import type * as pulumi from '@pulumi/pulumi';
import type { Configuration } from '../configuration/schema';
import type { NameParts } from '../resource/names';
import type { PlatformLinks } from '../resource/platformLinks';
import type { ResourceArgs } from '../resource/resourceArgs';
import { factoryAlerts, type FactorySignals } from './alertRules';
import { LoopWorkbook } from './loopWorkbook';
import { OperatorAlerts } from './operatorAlerts';

export interface OperatorViewArgs {
  /** Settings of the stack. */
  readonly configuration: Configuration;
  /** Log Analytics. */
  readonly platform: PlatformLinks;
  /** Resource group, Azure region and tags of its resources. */
  readonly resourceArgs: ResourceArgs;
  /** What names are made of. */
  readonly names: pulumi.Output<NameParts>;
  /** What the alerts watch. */
  readonly signals: { readonly [K in keyof FactorySignals]: pulumi.Output<FactorySignals[K]> };
}

/** What an operator sees of a factory: its alerts, where the stack wants them, and the workbook of its loop. */
export function operatorView(
  { configuration, platform, resourceArgs, names, signals }: OperatorViewArgs,
  opts: { parent: pulumi.Resource },
): void {
  const { alerts, edgeSite, factory, release } = configuration;
  const { logAnalyticsId } = platform;
  if (alerts.enabled) {
    const rules = factoryAlerts(factory, alerts, {
      releaseApproved: release === 'approved',
      simulated: edgeSite.enabled,
      ...(edgeSite.enabled ? { hours: edgeSite.hours } : {}),
    });
    const { emails, evaluationMinutes } = alerts;
    new OperatorAlerts('alerts', { ...resourceArgs, names, logAnalyticsId, rules, emails, evaluationMinutes, signals }, opts);
  }
  new LoopWorkbook('workbook', { ...resourceArgs, factory, logAnalyticsId, environmentId: signals.environmentId }, opts);
}
