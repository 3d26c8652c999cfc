interface RuleFacts {
  readonly name: string;
  readonly title: string;
  /** 0 critical, 1 error, 2 warning, 3 informational. */
  readonly severity: 0 | 1 | 2 | 3;
  /** What has happened, and what to do. */
  readonly advice: string;
}
/** Rows of a log query are counted over a window. What it watches is known only when that has been deployed. */
export interface LogRule<Signals> extends RuleFacts {
  readonly kind: 'log';
  readonly query: (signals: Signals) => string;
  readonly windowMinutes: number;
  readonly operator: 'GreaterThan' | 'LessThan';
  readonly threshold: number;
}
/** A platform metric of one resource. */
export interface MetricRule<Signals> extends RuleFacts {
  readonly kind: 'metric';
  readonly resourceId: (signals: Signals) => string;
  readonly namespace: string;
  readonly metric: string;
  readonly aggregation: 'Average' | 'Total' | 'Maximum';
  readonly windowMinutes: 5 | 15 | 30 | 60;
  readonly operator: 'GreaterThan' | 'GreaterThanOrEqual' | 'LessThan';
  readonly threshold: number;
}
export type AlertRule<Signals> = LogRule<Signals> | MetricRule<Signals>;
