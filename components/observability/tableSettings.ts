import type { ResourceSettings } from '../configuration/effectiveSettings';
import { basicRetentionDays, logTables, type LogTable } from '../configuration/logTables';

export interface TableSetting {
  readonly table: LogTable;
  readonly plan: 'Analytics' | 'Basic';
  /** What can be asked at once; undefined where the plan fixes it. */
  readonly retentionInDays?: number;
  /** With the archive behind it. */
  readonly totalRetentionInDays: number;
}

/** Tables whose plan, retention or archive is not the workspace's own. */
export function tableSettings({
  retentionDays,
  totalRetentionDays,
  tables,
}: Pick<ResourceSettings['logs'], 'retentionDays' | 'totalRetentionDays' | 'tables'>): TableSetting[] {
  return logTables.flatMap((table): TableSetting[] => {
    const given = tables[table] ?? {};
    const { plan = 'Analytics' } = given;
    const askable = plan === 'Basic' ? basicRetentionDays : (given.retentionDays ?? retentionDays);
    const totalRetentionInDays = Math.max(askable, given.totalRetentionDays ?? totalRetentionDays);
    if (plan === 'Basic') return [{ table, plan, totalRetentionInDays }];
    return askable === retentionDays && totalRetentionInDays === retentionDays
      ? []
      : [{ table, plan, retentionInDays: askable, totalRetentionInDays }];
  });
}
