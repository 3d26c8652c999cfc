import type { LoopReport } from './report';
export const reportPage = (report: LoopReport): string => `<pre>${JSON.stringify(report)}</pre>`;
