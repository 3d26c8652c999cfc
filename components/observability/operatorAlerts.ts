import { ActionGroup, MetricAlert, ScheduledQueryRule } from '@pulumi/azure-native/monitor';
import * as pulumi from '@pulumi/pulumi';
import { alertName, type NameParts } from '../resource/names';
import type { Tags } from '../resource/uniformComponent';
import type { AlertRule, LogRule, MetricRule } from './alertRule';

export interface OperatorAlertsArgs<Signals extends object> {
  /** Resource group of the rules. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Azure region of the log rules. */
  readonly location: pulumi.Input<string>;
  /** What the names are made of. */
  readonly names: pulumi.Input<NameParts>;
  /** ARM id of the Log Analytics workspace that log rules ask. */
  readonly logAnalyticsId: pulumi.Input<string>;
  /** The rules, such as `factoryAlerts` and `platformAlerts` make them. */
  readonly rules: readonly AlertRule<Signals>[];
  /** What the rules watch. */
  readonly signals: { readonly [K in keyof Signals]: pulumi.Input<Signals[K]> };
  /** Whom to write to; default nobody, the alerts are then seen in the portal. */
  readonly emails?: readonly string[];
  /** How often the log rules ask; default 15. */
  readonly evaluationMinutes?: number;
  /** Tags of group and rules; default none. */
  readonly tags?: Tags;
}

const duration = (minutes: number) =>
  minutes % 1_440 === 0 ? `P${minutes / 1_440}D` : minutes % 60 === 0 ? `PT${minutes / 60}H` : `PT${minutes}M`;
/** A log rule counts the rows of its query. */
const logCriteria = <Signals>({ title, query, operator, threshold }: LogRule<Signals>, signals: pulumi.Output<Signals>) => ({
  kind: 'LogAlert',
  displayName: title,
  criteria: {
    allOf: [
      {
        query: signals.apply(query),
        timeAggregation: 'Count',
        operator,
        threshold,
        failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 },
      },
    ],
  },
  // Tables appear with their first row, which a new stack has not written yet.
  skipQueryValidation: true,
});
const metricCriteria = <Signals>({ name, namespace, metric, aggregation, operator, threshold }: MetricRule<Signals>) => ({
  targetResourceType: namespace,
  criteria: {
    odataType: 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria' as const,
    allOf: [
      {
        criterionType: 'StaticThresholdCriterion' as const,
        name,
        metricNamespace: namespace,
        metricName: metric,
        operator,
        threshold,
        timeAggregation: aggregation,
      },
    ],
  },
});
const defaults = { emails: [], evaluationMinutes: 15 } as const;

/** The alerts of a part of the loop, and the action group that they call. */
export class OperatorAlerts<Signals extends object> extends pulumi.ComponentResource {
  readonly actionGroupId: pulumi.Output<string>;

  constructor(name: string, args: OperatorAlertsArgs<Signals>, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:observability:OperatorAlerts', name, {}, opts);
    const { resourceGroupName, location, emails, evaluationMinutes, ...all } = { ...defaults, ...args };
    const names = pulumi.output(all.names);
    const tags = all.tags === undefined ? {} : { tags: all.tags };
    const group = new ActionGroup(
      name,
      {
        resourceGroupName,
        location: 'global',
        actionGroupName: names.apply((parts) => alertName('ag', name, parts)),
        groupShortName: 'factoryloop',
        enabled: true,
        ...tags,
        emailReceivers: emails.map((emailAddress) => ({ name: emailAddress, emailAddress, useCommonAlertSchema: true })),
      },
      { parent: this },
    );
    const signals = pulumi.all(all.signals as Record<string, unknown>) as unknown as pulumi.Output<Signals>;
    for (const rule of all.rules) {
      const alert = {
        resourceGroupName,
        ...tags,
        ruleName: names.apply((parts) => alertName('alert', rule.name, parts)),
        description: rule.advice,
        severity: rule.severity,
        enabled: true,
        autoMitigate: true,
        windowSize: duration(rule.windowMinutes),
      };
      if (rule.kind === 'log')
        new ScheduledQueryRule(
          `${name}-${rule.name}`,
          {
            ...alert,
            ...logCriteria(rule, signals),
            location,
            scopes: [all.logAnalyticsId],
            evaluationFrequency: duration(evaluationMinutes),
            actions: { actionGroups: [group.id] },
          },
          { parent: this },
        );
      else
        new MetricAlert(
          `${name}-${rule.name}`,
          {
            ...alert,
            ...metricCriteria(rule),
            location: 'global',
            scopes: [signals.apply(rule.resourceId)],
            evaluationFrequency: 'PT5M',
            actions: [{ actionGroupId: group.id }],
          },
          { parent: this },
        );
    }
    this.actionGroupId = group.id;
    this.registerOutputs({ actionGroupId: this.actionGroupId, rules: all.rules.map((rule) => rule.name) });
  }
}
