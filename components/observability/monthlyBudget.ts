import { Budget } from '@pulumi/azure-native/consumption';
import * as pulumi from '@pulumi/pulumi';
import { alertName, type NameParts } from '../resource/names';

export interface MonthlyBudgetArgs {
  /** ARM id of the resource group, or of whatever else is counted. */
  readonly scope: pulumi.Input<string>;
  /** What the name is made of. */
  readonly names: pulumi.Input<NameParts>;
  /** In the currency of the subscription. */
  readonly monthlyAmount: number;
  /** Percentages of the amount at which somebody is notified; default 80 and 100. */
  readonly percentages?: readonly number[];
  /** ARM ids of the action groups to call; default none. */
  readonly actionGroupIds?: readonly pulumi.Input<string>[];
  /** Whom to write to; default nobody. */
  readonly emails?: readonly string[];
  /** First day of the first month, RFC 3339; default the month of the first deployment. */
  readonly startDate?: string;
}

/** First moment of the month, as a budget wants it. */
const monthOf = (time: Date) => new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), 1)).toISOString().replace('.000Z', 'Z');

/** A monthly budget that tells at 80 % and at 100 %. It tells; it stops nothing. */
export class MonthlyBudget extends pulumi.ComponentResource {
  readonly budgetName: pulumi.Output<string>;

  constructor(name: string, args: MonthlyBudgetArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:observability:MonthlyBudget', name, {}, opts);
    const { percentages, actionGroupIds, emails, startDate } = {
      percentages: [80, 100],
      actionGroupIds: [],
      emails: [],
      startDate: monthOf(new Date()),
      ...args,
    };
    const notification = (threshold: number) => ({
      enabled: true,
      operator: 'GreaterThanOrEqualTo',
      threshold,
      thresholdType: 'Actual',
      contactEmails: [...emails],
      contactGroups: [...actionGroupIds],
    });
    const budget = new Budget(
      name,
      {
        scope: args.scope,
        budgetName: pulumi.output(args.names).apply((parts) => alertName('budget', 'monthly', parts)),
        category: 'Cost',
        amount: args.monthlyAmount,
        timeGrain: 'Monthly',
        timePeriod: { startDate },
        notifications: Object.fromEntries(percentages.map((percentage) => [`at-${percentage}-percent`, notification(percentage)])),
        // Azure wants the current month when a budget is made; afterwards the month stays.
      },
      { parent: this, ignoreChanges: ['timePeriod'] },
    );
    this.budgetName = budget.name;
    this.registerOutputs({ budgetName: this.budgetName });
  }
}
